import { imagePageBytes } from '../guest/ports.ts'

const otherBytes = new Uint8Array(imagePageBytes)
const otherWords = new Int32Array(otherBytes.buffer)

/**
 * Makes of a page what it differs in from another: the exclusive or. The same again makes the page again. `page`
 * begins at a word of its memory.
 */
export function differFrom(page: Uint8Array, other: Uint8Array): void {
  // Signed words: what is above 31 bits is no small number to the engine.
  const words = new Int32Array(page.buffer, page.byteOffset, otherWords.length)
  otherBytes.set(other)
  for (let i = 0; i < words.length; i++) words[i] = (words[i] as number) ^ (otherWords[i] as number)
}
