import { queryTooLarge } from '../errors.ts'

/** What a field costs beside its text: its name, and the time to resolve it. */
const fieldCharacters = 32

/** Counts a field of an answer, and the text it has where that is known. Throws `query-too-large`. */
export type Spend = (text?: unknown) => void

/** The budget of one answer, in characters. */
export function createAnswerBudget(mostCharacters: number): Spend {
  let left = mostCharacters
  // Made once: an answer that is too large is so in thousands of places.
  const spent = queryTooLarge(
    `its answer has more than ${mostCharacters} characters; ask for fewer fields or a smaller page`,
  )
  return (text) => {
    left -= fieldCharacters + (typeof text === 'string' ? text.length : 0)
    if (left < 0) throw spent
  }
}
