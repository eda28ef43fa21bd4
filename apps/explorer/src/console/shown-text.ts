// biome-ignore-start lint/suspicious/noControlCharactersInRegex: what terminals are told by
const sequences = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g
const colour = /^\x1b\[[\d;]*m$/
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: what terminals are told by
/** Colours beyond the palette; the page's policy lets no text bring a style of its own. */
const direct = /(?:^|;)[345]8;2;/
const controls = /(?![\t\n])\p{Cc}/gu

/**
 * Text of others without what would move the cursor, retitle the window or hide what was written; lines,
 * tabs and the colours of the palette stay, and end with the text.
 */
export function shownText(text: string): string {
  let shown = ''
  let at = 0
  for (const { index, 0: sequence } of text.matchAll(sequences)) {
    shown += text.slice(at, index).replace(controls, '')
    const isColour = colour.test(sequence) && !direct.test(sequence.slice(2))
    if (isColour) shown += sequence
    at = index + sequence.length
  }
  shown += text.slice(at).replace(controls, '')
  return shown.includes('\x1b') ? `${shown}\x1b[0m` : shown
}

/** The same without any colour. */
export function plainText(text: string): string {
  return text.replace(sequences, '').replace(controls, '')
}
