import { isId } from '@heddle/protocol/base'
import { resultLimits } from '@heddle/protocol/message'
import type { AssignOptions, Evaluation } from './ports.ts'

/** Spawns go to no process yet; all of a sender's share this lane. */
const spawnLane = 'spawn'

export type LetterKind = 'message' | 'spawn' | 'spawned' | 'assign'

/**
 * One thing to deliver once. (process, slot, index) names what a slot emitted (DESIGN §5.4): Messages
 * first, then Spawns, then Assignments. `part` counts what one of them makes: an assignment has a part
 * per process; part 0 of a message or spawn is itself, the rest follows from having delivered it.
 */
export type Letter = {
  readonly processId: string
  readonly epoch: number
  readonly slot: number
  readonly index: number
  readonly part: number
  readonly kind: LetterKind
  /** The receiver: a process or wallet, or `spawnLane`. */
  readonly target: string
  /** `assign`: the item to assign. `spawned`: the new process. */
  readonly messageId?: string
  readonly assign?: AssignOptions
  /** Why it can never be delivered. */
  readonly defect?: string
}

type Emitted = Evaluation['result']

/** Processes that one assignment may name: what a whole result may emit. */
const assignedMax = resultLimits.emissions

/** What never fits into an index, for the assignment a posted process's own target asks for. */
export const targetIndex = -1

/** Names what is delivered; the receiver drops a second item of one signer with the same name. */
export function deliveryId(letter: Letter): string {
  const { processId, epoch, slot, index } = letter
  const base = `${processId}/${epoch}/${slot}/${index}`
  if (letter.kind === 'spawned') return `${base}/spawned`
  return letter.kind === 'assign' ? `${base}/${letter.part}` : base
}

/** The slot that a `deliveryId` names; -1 where it is none. */
export function slotNamed(id: string): number {
  const slot = Number(id.split('/', 3)[2])
  return Number.isSafeInteger(slot) ? slot : -1
}

/** Everything a slot emitted, in the order of its indexes. Malformed entries carry a `defect`. */
export function lettersOf(
  processId: string,
  epoch: number,
  slot: number,
  emitted: Emitted,
): Letter[] {
  const letters: Letter[] = []
  const base = { processId, epoch, slot, part: 0 }
  let index = 0
  for (const message of list(emitted.Messages)) {
    letters.push(messageLetter({ ...base, index: index++, kind: 'message' }, message))
  }
  for (const _spawn of list(emitted.Spawns)) {
    letters.push({ ...base, index: index++, kind: 'spawn', target: spawnLane })
  }
  for (const assignment of list(emitted.Assignments)) {
    const made = assignLetters({ ...base, index: index++, kind: 'assign' }, assignment)
    for (const letter of made) letters.push(letter)
  }
  return letters
}

/** True where a slot emitted anything at all. */
export function emitsAnything(emitted: Emitted): boolean {
  return (
    list(emitted.Messages).length > 0 ||
    list(emitted.Spawns).length > 0 ||
    list(emitted.Assignments).length > 0
  )
}

/** The entry at an index of Messages followed by Spawns, or undefined. */
export function outgoingAt(emitted: Emitted, index: number): unknown {
  const messages = list(emitted.Messages)
  return index < messages.length ? messages[index] : list(emitted.Spawns)[index - messages.length]
}

/** Number of Messages. */
export function messageCount(emitted: Emitted): number {
  return list(emitted.Messages).length
}

type Unaddressed = Omit<Letter, 'target'>

function messageLetter(letter: Unaddressed, message: unknown): Letter {
  const target = field(message, 'Target')
  if (typeof target === 'string' && isId(target)) return { ...letter, target }
  const shown = shownTarget(target)
  const defect = `Target ${shown} is no id of 43 characters: an item cannot name it`
  return { ...letter, target: shown, defect }
}

/** One letter for each process an assignment names. */
function assignLetters(letter: Unaddressed, assignment: unknown): Letter[] {
  const messageId = field(assignment, 'Message')
  const processes = list(field(assignment, 'Processes'))
  if (typeof messageId !== 'string' || !isId(messageId)) {
    return [{ ...letter, target: '', defect: 'Message of an assignment is no id' }]
  }
  if (processes.length === 0) {
    return [{ ...letter, target: '', messageId, defect: 'an assignment names no Processes' }]
  }
  if (processes.length > assignedMax) {
    return [{ ...letter, target: '', messageId, defect: tooManyAssigned(processes.length) }]
  }
  const assign = assignOptions(assignment)
  return processes.map((target, part) => {
    const one = { ...letter, part, messageId, assign }
    if (typeof target === 'string' && isId(target)) return { ...one, target }
    const shown = shownTarget(target)
    return { ...one, target: shown, defect: `Processes of an assignment holds ${shown}, no id` }
  })
}

function tooManyAssigned(processes: number): string {
  return `one assignment names ${processes} processes; ${assignedMax} are the most`
}

function assignOptions(assignment: unknown): AssignOptions {
  const exclude = list(field(assignment, 'Exclude')).filter((name) => typeof name === 'string')
  return {
    ...(field(assignment, 'BaseLayer') ? { baseLayer: true } : {}),
    ...(exclude.length > 0 ? { exclude } : {}),
  }
}

/**
 * The letters an `Assignments` tag asks for once its message has an id. Modules write a list there, or
 * text: JSON or separated by commas.
 */
export function tagAssignments(letter: Letter, message: unknown, messageId: string): Letter[] {
  const tag = list(field(message, 'Tags')).find((one) => field(one, 'name') === 'Assignments')
  if (tag === undefined) return []
  const { processId, epoch, slot, index } = letter
  const base = { processId, epoch, slot, index, kind: 'assign' as const, messageId }
  const names = processNames(field(tag, 'value'))
  if (names.length > assignedMax) {
    return [{ ...base, part: 1, target: '', defect: tooManyAssigned(names.length) }]
  }
  return names.map((given, at) => {
    const target = shownTarget(given)
    const made: Letter = { ...base, part: at + 1, target }
    return isId(target) ? made : { ...made, defect: `the Assignments tag holds ${target}, no id` }
  })
}

function processNames(value: unknown): readonly unknown[] {
  if (typeof value !== 'string') return list(value)
  if (value.trimStart().startsWith('[')) {
    try {
      return list(JSON.parse(value))
    } catch {
      return [value]
    }
  }
  return value.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]))
}

/** The message a parent gets for a spawn; known once the new process is. */
export function spawnedLetter(letter: Letter, newProcessId: string): Letter {
  return {
    ...letter,
    part: 1,
    kind: 'spawned',
    target: letter.processId,
    messageId: newProcessId,
  }
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A field of anything that came out of a guest. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Record<string, unknown>)[name]
}

function shownTarget(target: unknown): string {
  const text = typeof target === 'string' ? target : (JSON.stringify(target) ?? 'undefined')
  return text.length > 64 ? `${text.slice(0, 64)}…` : text
}
