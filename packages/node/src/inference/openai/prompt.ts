import type { PromptPart } from '@heddle/protocol/model'
import { parameterInvalid } from './errors.ts'
import type { Fields } from './parameters.ts'

const promptTokensMax = 1_048_575

/** Reads the `prompt` of a completion: a text, or tokens; a list of one of them too. */
export function readPrompt({ prompt }: Fields): PromptPart[] {
  if (typeof prompt === 'string') return [prompt]
  if (Array.isArray(prompt) && prompt.length > 0 && prompt.length <= promptTokensMax) {
    if (prompt.every((token) => Number.isInteger(token) && token >= 0)) return prompt as number[]
    const [only] = prompt
    if (prompt.length === 1 && typeof only !== 'number') return readPrompt({ prompt: only })
  }
  throw parameterInvalid('prompt', 'must be one text or one list of tokens')
}
