/** What the newest session was made from, on the server that the settings name. `src/config/last-image.ts` keeps it. */
export interface LastImage {
  read(this: void): Promise<string | undefined>;
  /** Never rejects for what this machine refuses. */
  write(this: void, image: string): Promise<void>;
}
