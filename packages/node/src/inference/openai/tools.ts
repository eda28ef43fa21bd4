import type { ChatMessage } from '@heddle/protocol/model'
import { parameterInvalid } from './errors.ts'
import { type Fields, isObject } from './parameters.ts'

/** What a caller offers the model to call. */
export type ToolSet = {
  readonly names: ReadonlySet<string>
  /** Told to the model before the conversation; undefined where there are no tools. */
  readonly instruction: ChatMessage | undefined
}

export type ToolCall = {
  readonly id: string
  readonly type: 'function'
  readonly function: { readonly name: string; readonly arguments: string }
}

const toolsMax = 128
const namePattern = /^[\w.-]{1,64}$/

/** Reads `tools` and `tool_choice`. Throws `parameter-invalid`. */
export function readTools({ tools, tool_choice: choice }: Fields): ToolSet {
  if (tools === undefined || tools === null || choice === 'none') {
    return { names: new Set(), instruction: undefined }
  }
  if (choice !== undefined && choice !== null && choice !== 'auto') {
    throw parameterInvalid('tool_choice', 'only auto and none: no answer is forced into a call')
  }
  if (!Array.isArray(tools) || tools.length > toolsMax) {
    throw parameterInvalid('tools', `must be a list of at most ${toolsMax} functions`)
  }
  const functions = tools.map((tool: unknown) => {
    const given = isObject(tool) && tool.type === 'function' ? tool.function : undefined
    if (isObject(given) && namePattern.test(String(given.name))) return given
    throw parameterInvalid('tools', 'each must be {type: "function", function: {name, …}}')
  })
  if (functions.length === 0) return { names: new Set(), instruction: undefined }
  const lines = functions.map(({ name, description, parameters }) =>
    JSON.stringify({ name, description, parameters }),
  )
  const content =
    'You may call one of these functions. To do so answer with nothing but ' +
    `{"name": …, "arguments": {…}}.\n${lines.join('\n')}`
  const names = new Set(functions.map(({ name }) => String(name)))
  return { names, instruction: { role: 'system', content } }
}

/**
 * The call that an answer is, or undefined where it is only text: a JSON object that names one of the tools,
 * as `{"name", "arguments"}` or as `{"tool", …}` with its arguments beside.
 */
export function readToolCall(
  text: string,
  { names }: Pick<ToolSet, 'names'>,
  id: string,
): ToolCall | undefined {
  const call = names.size === 0 ? undefined : parse(text.trim())
  if (call === undefined) return undefined
  const { name: direct, arguments: given, tool, ...rest } = call
  const name = direct ?? tool
  if (typeof name !== 'string' || !names.has(name)) return undefined
  const values = direct === undefined ? rest : (given ?? {})
  const argumentsText = typeof values === 'string' ? values : JSON.stringify(values)
  return { id, type: 'function', function: { name, arguments: argumentsText } }
}

function parse(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
