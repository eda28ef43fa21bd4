import { record } from './record.ts'
import type { WireAssignment } from './wire.ts'

/*
 * What a message leads to goes out as one list of texts, which the host makes into a result: writing JSON
 * takes the engine longer than most handlers. Each entry begins with its kind; tags are names and values
 * in turn, ended by an empty text, as no tag has an empty name. What all messages of a kind have in
 * common, the host knows.
 */

export function emitMessage(
  target: string,
  reference: string,
  data: string,
  tags: readonly string[],
): void {
  record.emissions.push('message', target, reference, data)
  emitTags(tags)
}

export function emitSpawn(
  module: string,
  reference: string,
  data: string,
  tags: readonly string[],
): void {
  record.emissions.push('spawn', module, reference, data)
  emitTags(tags)
}

export function emitAssignment(assignment: WireAssignment): void {
  record.emissions.push('assignment', JSON.stringify(assignment))
}

function emitTags(tags: readonly string[]): void {
  const { emissions } = record
  for (let i = 0; i < tags.length; i++) emissions.push(tags[i] as string)
  emissions.push('')
}

/** Everything of this message, in one list: what it led to if it succeeded, then what it says. */
export function finishEmissions(data: string, prompt: string, isPrinted: boolean): string[] {
  const { emissions, error } = record
  if (error !== undefined) return ['error', error, 'output', data, prompt, isPrinted ? 'print' : '']
  emissions.push('output', data, prompt, isPrinted ? 'print' : '')
  return emissions
}
