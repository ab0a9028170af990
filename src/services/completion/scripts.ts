/**
 * What makes a shell ask bai what fits. The answer is lines of a word, a tab and what it is about; a last line `:files` lets the shell
 * add files. Nothing of the answer is ever run.
 */

const bash = `# bash completion of bai; bai completion bash prints it.
_bai() {
  local line answer prefix files= typed=\${COMP_LINE:0:COMP_POINT}
  COMPREPLY=()
  answer=$(command bai __complete --line "$typed" 2>/dev/null </dev/null) || return
  while IFS= read -r line; do
    if [[ $line == :files ]]; then files=1
    elif [[ -n $line ]]; then COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done <<< "$answer"
  # readline replaces only what is behind the last : or = of a word.
  if [[ \${#COMPREPLY[@]} -gt 0 && $COMP_WORDBREAKS == *[:=]* ]]; then
    prefix=\${typed##*[[:space:]]}
    prefix=\${prefix%"\${prefix##*[:=]}"}
    COMPREPLY=("\${COMPREPLY[@]#"$prefix"}")
  fi
  if [[ -n $files ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
  fi
  # What is a beginning only gets no blank behind it.
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *[:/=] ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -F _bai bai
`;

const zsh = `#compdef bai
# zsh completion of bai; bai completion zsh prints it.
_bai() {
  local line word about files=
  local -a words_open shown_open words_done shown_done
  while IFS= read -r line; do
    if [[ $line == :files ]]; then files=1; continue; fi
    [[ -n $line ]] || continue
    word=\${line%%$'\\t'*}
    about=
    if [[ $line == *$'\\t'* ]]; then about=" -- \${line#*$'\\t'}"; fi
    if [[ $word == *[:/=] ]]; then words_open+=("$word"); shown_open+=("$word$about")
    else words_done+=("$word"); shown_done+=("$word$about")
    fi
  done < <(command bai __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null </dev/null)
  # What is a beginning only gets no blank behind it.
  (( $#words_open )) && compadd -S '' -l -d shown_open -a words_open
  (( $#words_done )) && compadd -l -d shown_done -a words_done
  [[ -n $files ]] && _files
  return 0
}
if [[ \${funcstack[1]} == _bai ]]; then _bai "$@"; else compdef _bai bai; fi
`;

const fish = `# fish completion of bai; bai completion fish prints it.
function __bai_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct | string unescape)
    for line in (command bai __complete -- $words[2..-1] "$typed" 2>/dev/null </dev/null)
        if test "$line" = :files
            __fish_complete_path (commandline -ct)
        else
            printf '%s\\n' $line
        end
    end
end
complete -c bai -f -a '(__bai_complete)'
`;

const powershell = `# PowerShell completion of bai; bai completion powershell prints it.
Register-ArgumentCompleter -Native -CommandName @('bai', 'bai.cmd', 'bai.ps1') -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $typed = $commandAst.Extent.Text
  $length = $cursorPosition - $commandAst.Extent.StartOffset
  $line = $typed.PadRight($length).Substring(0, $length).Replace('\\', '/')
  $bai = @(Get-Command bai -CommandType Application -ErrorAction SilentlyContinue)[0]
  if ($null -eq $bai) { return }
  $null | & $bai.Source __complete "--line=$line" 2>$null | ForEach-Object {
    $word, $about = $_ -split "\`t", 2
    if ($word -eq ':files') {
      [System.Management.Automation.CompletionCompleters]::CompleteFilename($wordToComplete)
    } elseif ($word) {
      if (-not $about) { $about = $word }
      [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $about)
    }
  }
}
`;

export const completionScripts = { bash, zsh, fish, powershell } as const;
