/**
 * What a terminal or a viewer acts on and does not show: control characters (U+0080 to U+009F among them, which JSON leaves as
 * they are), line separators, and the marks that change the direction of a text.
 */
const unseen = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The text with each invisible character as `\uXXXX`, so that it is one line and shows what it holds. */
export function visible(text: string): string {
  return text.replace(unseen, (code) => `\\u${code.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** JSON in one line that shows what it holds; a parser reads the same value from it. */
export function visibleJson(value: unknown): string {
  return visible(JSON.stringify(value));
}
