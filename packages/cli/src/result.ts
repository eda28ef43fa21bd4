import type { ReadResult } from '@heddle/sdk'

/** What a result says, on a few lines for a person. */
export function describeResult(result: ReadResult): string {
  if (result.error !== undefined) return `Error: ${result.error}`
  const lines = result.output === '' ? [] : [result.output]
  for (const { target, action, data } of result.messages) {
    const said = data.trim() === '' ? '' : data
    lines.push(`→ ${target}${action === undefined ? '' : ` ${action}`} ${said}`.trimEnd())
  }
  if (result.spawns.length > 0) lines.push(`spawns ${result.spawns.length}`)
  return lines.length === 0 ? 'done' : lines.join('\n')
}
