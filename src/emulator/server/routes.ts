/** Which handler a request is for. */

import { percentDecoded } from '../../core/text/percent.ts';

export interface RoutePath {
  readonly method: string;
  /** `{}` stands for one open part: `/session/{}/logs`. */
  readonly path: string;
}

export interface FoundRoute<R extends RoutePath> {
  readonly route: R;
  /** The decoded parts of the path that the route leaves open. */
  readonly captured: readonly string[];
}

/** `other-method`: the path is known, with another method only; nothing: it is not. */
export type FindRoute<R extends RoutePath> = (
  method: string,
  path: string,
) => FoundRoute<R> | 'other-method' | undefined;

export function createRouter<R extends RoutePath>(routes: readonly R[]): FindRoute<R> {
  const known = routes.map((route) => ({
    route,
    expression: new RegExp(`^${route.path.replaceAll('{}', '([^/]+)')}$`),
  }));
  return (method, path) => {
    let isKnown = false;
    for (const { route, expression } of known) {
      const match = expression.exec(path);
      if (match === null) continue;
      isKnown = true;
      if (route.method === method) return { route, captured: match.slice(1).map(percentDecoded) };
    }
    return isKnown ? 'other-method' : undefined;
  };
}
