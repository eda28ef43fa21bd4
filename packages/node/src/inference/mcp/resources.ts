import { mcpInputInvalid } from '../errors.ts'
import type { ProcessAccess, ProcessCard } from './processes.ts'
import { resultText } from './result-text.ts'

const scheme = 'heddle://process/'
const mimeType = 'application/json'

/** What a client may read without calling anything, as MCP describes it. */
export const resourceTemplates = [
  {
    uriTemplate: `${scheme}{process}`,
    name: 'process',
    description: 'A process: its name, module, slots and handlers',
    mimeType,
  },
  {
    uriTemplate: `${scheme}{process}/{action}`,
    name: 'read',
    description: 'What a process answers to an action, asked without leaving a trace',
    mimeType,
  },
]

export function resourceOf({ id, name }: ProcessCard) {
  const title = name === '' ? id : name
  return { uri: `${scheme}${id}`, name: title, description: `Process ${id}`, mimeType }
}

/** Reads a resource. Rejects with `unknown-process` or `mcp-input-invalid`. */
export async function readResource(
  access: ProcessAccess,
  uri: string,
  signal: AbortSignal,
): Promise<{ readonly uri: string; readonly mimeType: string; readonly text: string }> {
  const [processId, action, ...rest] = uri.startsWith(scheme)
    ? uri.slice(scheme.length).split('/').map(decodePart)
    : []
  if (processId === undefined || rest.length > 0) {
    throw mcpInputInvalid(`resources are ${scheme}PROCESS and ${scheme}PROCESS/ACTION`)
  }
  const card = await access.card(processId)
  if (action === undefined) return { uri, mimeType, text: JSON.stringify(card, undefined, 2) }
  const result = await access.read(processId, { action, tags: [], data: '' }, signal)
  return { uri, mimeType, text: resultText(result) }
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw mcpInputInvalid(`${part.slice(0, 80)} is no part of a URI`)
  }
}
