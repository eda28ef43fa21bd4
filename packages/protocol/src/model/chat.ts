import { promptInvalid } from './errors.ts'
import { checkToken, type Tokenizer } from './tokenizer/tokenizer.ts'

/** How a conversation becomes a prompt. `plain`: its texts, one after another. */
export type ChatFormat = 'plain' | 'chatml' | 'llama3'

export const chatFormats: readonly ChatFormat[] = ['plain', 'chatml', 'llama3']

export type ChatMessage = { readonly role: string; readonly content: string }

/** Text, a token, or a special token by its name: names within a text are only text. */
export type PromptPart = string | number | { readonly special: string }

/** The prompt of a conversation whose next word is the model's. */
export function chatPrompt(format: ChatFormat, messages: readonly ChatMessage[]): PromptPart[] {
  if (format === 'plain') return [messages.map(({ content }) => content).join('\n')]
  const [open, close] = format === 'chatml' ? chatmlMarks : llama3Marks
  const parts = messages.flatMap(({ role, content }) => [...open(role), content, ...close])
  return [...parts, ...open('assistant')]
}

type Marks = readonly [(role: string) => PromptPart[], readonly PromptPart[]]

const chatmlMarks: Marks = [
  (role) => [{ special: '<|im_start|>' }, `${role}\n`],
  [{ special: '<|im_end|>' }, '\n'],
]

const llama3Marks: Marks = [
  (role) => [{ special: '<|start_header_id|>' }, role, { special: '<|end_header_id|>' }, '\n\n'],
  [{ special: '<|eot_id|>' }],
]

/** The format that a GGUF file's own template speaks, as far as it is one of ours. */
export function guessChatFormat(template: string): ChatFormat {
  if (template.includes('<|im_start|>')) return 'chatml'
  return template.includes('<|start_header_id|>') ? 'llama3' : 'plain'
}

/**
 * The tokens of a prompt, `begin` first unless the parts are tokens alone. Throws `prompt-invalid` for a
 * special token that the model has not, `token-out-of-range`, `text-too-long`.
 */
export function promptTokens(tokenizer: Tokenizer, parts: readonly PromptPart[]): number[] {
  const isRaw = parts.length > 0 && parts.every((part) => typeof part === 'number')
  const tokens: number[] = isRaw || tokenizer.begin === undefined ? [] : [tokenizer.begin]
  for (const part of parts) {
    if (typeof part === 'string') for (const token of tokenizer.encode(part)) tokens.push(token)
    else tokens.push(typeof part === 'number' ? part : specialToken(tokenizer, part.special))
  }
  for (const token of tokens) checkToken(token, tokenizer.vocab)
  return tokens
}

/** Tokens that a prompt has at least, told without making them: what is far too long costs nobody time. */
export function fewestTokens(tokenizer: Tokenizer, parts: readonly PromptPart[]): number {
  // A text has as many bytes as UTF-16 units, or more.
  const fewest = (part: PromptPart) =>
    typeof part === 'string' ? Math.ceil(part.length / tokenizer.tokenBytesMax) : 1
  return parts.reduce<number>((sum, part) => sum + fewest(part), 0)
}

function specialToken(tokenizer: Tokenizer, name: string): number {
  const token = tokenizer.tokenOf(name)
  if (token === undefined) {
    throw promptInvalid(`the model has no token ${name}: its chat format is another`)
  }
  return token
}
