export const translations: Readonly<Record<string, readonly string[]>>;
export function sectionsOf(page: string): string[];
export function hashOf(section: string): string;
export function followedBy(section: string): string | undefined;
