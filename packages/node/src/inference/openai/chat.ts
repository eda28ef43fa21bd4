import type { ChatMessage } from '@heddle/protocol/model'
import { parameterInvalid } from './errors.ts'
import { type Fields, isObject } from './parameters.ts'

const messagesMax = 1000
const roles = ['system', 'developer', 'user', 'assistant', 'tool']

/** Reads `messages`. Throws `parameter-invalid`. */
export function readMessages({ messages }: Fields): ChatMessage[] {
  if (!Array.isArray(messages) || messages.length === 0 || messages.length > messagesMax) {
    throw parameterInvalid('messages', `must be a list of 1 to ${messagesMax} messages`)
  }
  return messages.map((message: unknown, i) => {
    const role = isObject(message) ? message.role : undefined
    if (!isObject(message) || !roles.includes(String(role))) {
      throw parameterInvalid(`messages[${i}].role`, `must be one of ${roles.join(', ')}`)
    }
    return { role: role === 'developer' ? 'system' : String(role), content: contentOf(message, i) }
  })
}

function contentOf(message: Fields, at: number): string {
  const { content, tool_calls: calls } = message
  if (typeof content === 'string') return content
  // What an assistant called before is told as the model would have said it.
  if (Array.isArray(calls)) return calls.map(callText).join('\n')
  const parts: unknown[] = Array.isArray(content) ? content : [undefined]
  const texts = parts.map((part) => {
    if (isObject(part) && part.type === 'text' && typeof part.text === 'string') return part.text
    throw parameterInvalid(`messages[${at}].content`, 'must be text: models here read nothing else')
  })
  return texts.join('')
}

function callText(call: unknown): string {
  const given = isObject(call) && isObject(call.function) ? call.function : {}
  return JSON.stringify({ name: given.name, arguments: given.arguments })
}
