import type { Result } from '@heddle/protocol/message'
import { mcpProcessFailed } from '../errors.ts'

/**
 * A result as a model reads it: what the process said, then where its messages went. Throws
 * `process-failed` for a result that is an error, so that the client is told it is one.
 */
export function resultText({ Error: error, Messages, Spawns, Output, GasUsed }: Result): string {
  if (error !== undefined) throw mcpProcessFailed(String(error))
  const messages = Messages.map(({ Target, Tags, Data }) => ({
    target: Target,
    tags: Object.fromEntries(Tags.map(({ name, value }) => [name, value])),
    data: Data ?? '',
  }))
  const value = {
    messages,
    spawns: Spawns.length,
    output: outputText(Output),
    gasUsed: GasUsed,
  }
  return JSON.stringify(value, undefined, 2)
}

function outputText(output: unknown): unknown {
  const data = (output as { readonly data?: unknown } | null)?.data
  return data ?? output
}
