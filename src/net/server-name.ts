/** Who is spoken to, as messages name it. */

export interface ServerName {
  /** `the manager`, `Rescale` */
  readonly name: string;
  /** What an endpoint has to be: `a Backend.AI manager`. */
  readonly kind: string;
}
