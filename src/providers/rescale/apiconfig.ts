/** The vendor's own file of API keys, `~/.config/rescale/apiconfig`: a section for each account, with `apikey` and `apibaseurl`. */

import { BaiError } from '../../errors.ts';
import { ConfigSyntaxError, parseConfig } from './configparser.ts';

export interface ApiConfigFile {
  readonly path: string;
  readonly text: string;
}

export interface ApiConfig {
  /** In the file's order. */
  readonly sections: readonly string[];
  /** Nothing for what is not there, or empty. Throws a BaiError for a value that Python would not read either. */
  get(section: string, option: 'apikey' | 'apibaseurl'): string | undefined;
}

/** Throws a BaiError for a file that Python would not read either. */
export function readApiConfig({ path, text }: ApiConfigFile): ApiConfig {
  const read = <T>(step: () => T): T => {
    try {
      return step();
    } catch (error) {
      throw error instanceof ConfigSyntaxError ? unreadable(path, error) : error;
    }
  };
  const config = read(() => parseConfig(text));
  return {
    sections: config.sections,
    get: (section, option) => read(() => config.get(section, option)) || undefined,
  };
}

function unreadable(path: string, cause: ConfigSyntaxError): BaiError {
  return new BaiError(`${path} cannot be read: ${cause.message}`, {
    code: 'apiconfig-unusable',
    hint: 'it has sections such as [default], and in each apikey = … and apibaseurl = https://platform.rescale.com',
  });
}
