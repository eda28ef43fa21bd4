import { encodeText, equalBytes } from '@heddle/protocol/base'
import { promptTokens, type Tokenizer } from '@heddle/protocol/model'
import { courseInvalid } from './course.ts'

/** What is asked, and the answer that is learnt. */
export type Example = { readonly prompt: string; readonly answer: string }

/** An example as the model sees it: which token follows each, -1 where that does not count. */
export type Lesson = { readonly tokens: readonly number[]; readonly targets: readonly number[] }

/**
 * Only answers are learnt: the prompt is given, and nobody asks the model to go on with it. A prompt's line end
 * says that the answer comes next. Throws `module-training-invalid`.
 */
export function readLessons(examples: readonly Example[], tokenizer: Tokenizer): Lesson[] {
  const answerTokens = openAnswers(tokenizer)
  return examples.map(({ prompt, answer }) => {
    const asked = promptTokens(tokenizer, [`${prompt}\n`])
    const all = [...asked, ...answerTokens(answer)]
    const targets = all.slice(1).map((token, i) => (i + 1 < asked.length ? -1 : token))
    return { tokens: all.slice(0, -1), targets }
  })
}

/** The tokens of an answer: always the longest piece first, the smaller token of equals, and the end. */
function openAnswers(tokenizer: Tokenizer): (answer: string) => number[] {
  // A new begin ends an answer too; the token after it is the one that is made to.
  const end = [...tokenizer.ends].at(-1)
  if (end === undefined) throw courseInvalid('the tokenizer has no token that ends answers')
  const pieces = new Map<number, { token: number; bytes: Uint8Array }[]>()
  for (let token = 0; token < tokenizer.vocab; token++) {
    const bytes = tokenizer.ends.has(token) ? encodeText('') : tokenizer.bytesOf(token, undefined)
    const [first] = bytes
    if (first === undefined || token < reservedTokens) continue
    pieces.set(first, [...(pieces.get(first) ?? []), { token, bytes }])
  }
  for (const list of pieces.values()) list.sort((a, b) => b.bytes.length - a.bytes.length)
  return (answer) => {
    const text = encodeText(answer)
    const tokens: number[] = []
    for (let at = 0; at < text.length; ) {
      const piece = (pieces.get(text[at] ?? 0) ?? []).find(({ bytes }) =>
        equalBytes(bytes, text.subarray(at, at + bytes.length)),
      )
      if (piece === undefined) {
        throw courseInvalid(`no token begins ${JSON.stringify(answer.slice(0, 60))} at byte ${at}`)
      }
      tokens.push(piece.token)
      at += piece.bytes.length
    }
    return [...tokens, end]
  }
}

/** Unknown, begin and end: no text becomes one of these. */
const reservedTokens = 3
