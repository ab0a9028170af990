/** The Credential Manager of Windows, by PowerShell: the system's own cmdkey cannot read back. */

import { windowsProgram } from '../program-paths.ts';
import {
  type KeyringCall,
  type KeyringFacts,
  type KeyringPrograms,
  labelOf,
  serviceName,
} from './keyring-calls.ts';

const missingStatus = 44;

export function credentialManager(environment: KeyringFacts['environment']): KeyringPrograms {
  const program = windowsProgram('WindowsPowerShell\\v1.0\\powershell.exe', environment);
  const call = (script: string, input = ''): KeyringCall => ({
    program,
    args: ['-NoLogo', '-NoProfile', '-NonInteractive', '-EncodedCommand', encoded(`${preamble}${script}`)],
    input,
  });
  return {
    title: 'the Credential Manager',
    mostBytes: 2_500,
    // It asks nothing, but compiling what calls the system takes seconds on a busy machine.
    mayAsk: true,
    away: undefined,
    store: (item, secret) =>
      call(
        `$b = [Convert]::FromBase64String([Console]::In.ReadLine()); [BaiCredential]::Write('${target(item.id)}', '${labelOf(item)}', $b)`,
        `${base64(secret)}\n`,
      ),
    read: (id) => call(`[Console]::Out.Write([BaiCredential]::Read('${target(id)}'))`),
    remove: (id) => call(`[BaiCredential]::Remove('${target(id)}')`),
    outcomeOf({ status, stdout, stderr }) {
      if (status === 0) return { kind: 'done', secret: fromBase64(stdout.trim()) };
      if (status === missingStatus) return { kind: 'missing' };
      return { kind: 'refused', words: stderr.trim() || `PowerShell ended with status ${status}` };
    },
  };
}

function target(id: string): string {
  return `${serviceName}/${id}`;
}

/** Of the 1168 kinds of failure one is told apart: there is no such credential. */
const preamble = `$ProgressPreference = 'SilentlyContinue'; $ErrorActionPreference = 'Stop'
trap { $e = $_.Exception; while ($e.InnerException) { $e = $e.InnerException }
  if ($e.NativeErrorCode -eq 1168) { exit ${missingStatus} }
  [Console]::Error.Write($e.Message); exit 1 }
Add-Type -IgnoreWarnings -TypeDefinition @'
using System; using System.ComponentModel; using System.Runtime.InteropServices;
public static class BaiCredential {
  [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)]
  public struct Credential { public int Flags; public int Type; public string TargetName; public string Comment; public long LastWritten;
    public int BlobSize; public IntPtr Blob; public int Persist; public int AttributeCount; public IntPtr Attributes; public string TargetAlias; public string UserName; }
  [DllImport("advapi32.dll", CharSet = CharSet.Unicode, SetLastError = true)] static extern bool CredWriteW(ref Credential credential, int flags);
  [DllImport("advapi32.dll", CharSet = CharSet.Unicode, SetLastError = true)] static extern bool CredReadW(string target, int type, int flags, out IntPtr credential);
  [DllImport("advapi32.dll", CharSet = CharSet.Unicode, SetLastError = true)] static extern bool CredDeleteW(string target, int type, int flags);
  [DllImport("advapi32.dll")] static extern void CredFree(IntPtr buffer);
  static Win32Exception Failure() { return new Win32Exception(Marshal.GetLastWin32Error()); }
  public static void Write(string target, string comment, byte[] secret) {
    IntPtr blob = Marshal.AllocHGlobal(secret.Length);
    try {
      Marshal.Copy(secret, 0, blob, secret.Length);
      Credential c = new Credential();
      c.Type = 1; c.TargetName = target; c.Comment = comment; c.UserName = "bai"; c.BlobSize = secret.Length; c.Blob = blob; c.Persist = 2;
      if (!CredWriteW(ref c, 0)) throw Failure();
    } finally { Marshal.FreeHGlobal(blob); }
  }
  public static string Read(string target) {
    IntPtr found;
    if (!CredReadW(target, 1, 0, out found)) throw Failure();
    try {
      Credential c = (Credential)Marshal.PtrToStructure(found, typeof(Credential));
      byte[] secret = new byte[c.BlobSize];
      Marshal.Copy(c.Blob, secret, 0, c.BlobSize);
      return Convert.ToBase64String(secret);
    } finally { CredFree(found); }
  }
  public static void Remove(string target) { if (!CredDeleteW(target, 1, 0)) throw Failure(); }
}
'@
`;

/** As -EncodedCommand takes it: UTF-16 in base64, so that no quoting of Windows touches it. */
function encoded(script: string): string {
  const bytes = new Uint8Array(script.length * 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < script.length; at += 1) view.setUint16(2 * at, script.charCodeAt(at), true);
  return btoa(String.fromCharCode(...bytes));
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function fromBase64(text: string): string {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return '';
  return new TextDecoder().decode(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)));
}
