import { canonicalJson } from '@heddle/protocol/digest'
import { type CallReceipt, resultLimits } from '@heddle/protocol/message'
import { gasTable } from '@heddle/protocol/params'
import { guestFault } from '../guest/errors.ts'
import type { WrittenResult } from '../guest/ports.ts'
import type { Engine } from './engine.ts'
import { assignmentKind, firstEmissionAt, messageKind, spawnKind } from './prelude/record.ts'
import { booleanAt, integerAt, isUndefined, itemOf, type List, listAt, textAt } from './values.ts'
import type { ValueAddress } from './world.ts'

/** Where in a message or spawn its tags begin, names and values in turn. */
const firstTagAt = 4
/** Texts of the tags of one emission: an item has at most 128 tags. */
const tagTextsMax = 256
/** Anchors are references, filled up to the 32 bytes that an item's anchor has. */
const anchorLength = 32

/** Members of the lists of a result, as JSON. */
type Written = {
  readonly assignments: string[]
  readonly messages: string[]
  readonly spawns: string[]
}

/**
 * Writes what `begin` or `finish` of the prelude gave (`GivenResult`) as the canonical JSON of a result. Throws
 * `guest-fault` where it is none, and what ends a message whose gas is used up.
 */
export function writeEmissions(
  engine: Engine,
  answer: ValueAddress,
  gasUsed: () => number,
  receipts: readonly CallReceipt[],
): WrittenResult {
  const reader = new EmissionReader(engine)
  const list = reader.list(answer)
  const error = isUndefined(engine, itemOf(list, 0)) ? undefined : reader.text(list, 0)
  const output = reader.output(list)
  const written: Written = { assignments: [], messages: [], spawns: [] }
  reader.count(list.count - firstEmissionAt)
  if (error === undefined) {
    for (let i = firstEmissionAt; i < list.count; i++) reader.emission(list, i, written)
  }
  engine.meter?.charge(reader.bytes / gasTable.bulkBytesPerGas)
  return writeResponse({ error, output, written, receipts, gasUsed: gasUsed() })
}

type Response = {
  readonly error: string | undefined
  /** JSON. */
  readonly output: string
  readonly written: Written
  readonly receipts: readonly CallReceipt[]
  readonly gasUsed: number
}

/** Members in the order of their names. A failed message never was, nor were its calls. */
function writeResponse({ error, output, written, receipts, gasUsed }: Response): WrittenResult {
  const { assignments, messages, spawns } = written
  const failed = error !== undefined
  const errorMember = failed ? `"Error":${JSON.stringify(error)},` : ''
  const hasReceipts = !failed && receipts.length > 0
  const receiptsMember = hasReceipts ? `"Receipts":${canonicalJson(receipts)},` : ''
  const json =
    `{"Assignments":[${assignments.join()}],${errorMember}"GasUsed":${gasUsed},` +
    `"Messages":[${messages.join()}],"Output":${output},${receiptsMember}` +
    `"Spawns":[${spawns.join()}]}`
  return { json, failed }
}

/** A result of which the prelude said nothing: it was cut off. */
export function writeFailure(reason: string, gasUsed: number): WrittenResult {
  const output = `{"data":${JSON.stringify(reason)}}`
  const written = { assignments: [], messages: [], spawns: [] }
  return writeResponse({ error: reason, output, written, receipts: [], gasUsed })
}

/** Reads texts and lists where the engine has them; what is something else is a fault. */
class EmissionReader {
  readonly #engine: Engine
  #bytes = 0
  #emissions = 0
  readonly #admit: (bytes: number) => void

  constructor(engine: Engine) {
    this.#engine = engine
    // Of the text of all of it: one long string may be in ten thousand messages.
    this.#admit = (bytes) => {
      this.#bytes += bytes + 1
      if (this.#bytes > resultLimits.replyLength) throw tooLarge()
    }
  }

  /** Bytes of all texts so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** Notes so many emissions more. */
  count(emissions: number): void {
    this.#emissions += emissions
    if (this.#emissions > resultLimits.emissions) throw tooMany()
  }

  list(at: ValueAddress): List {
    const list = listAt(this.#engine, at)
    if (list === undefined) throw notEmissions()
    return list
  }

  text(list: List, index: number): string {
    const isThere = index < list.count
    const text = isThere ? textAt(this.#engine, itemOf(list, index), this.#admit) : undefined
    if (text === undefined) throw notEmissions()
    return text
  }

  json(list: List, index: number): string {
    return JSON.stringify(this.text(list, index))
  }

  output(list: List): string {
    if (list.count < firstEmissionAt) throw notEmissions()
    const isPrinted = booleanAt(this.#engine, itemOf(list, 3)) === true
    const print = isPrinted ? '"print":true,' : ''
    return `{"data":${this.json(list, 1)},${print}"prompt":${this.json(list, 2)}}`
  }

  emission(of: List, index: number, written: Written): void {
    const list = this.list(itemOf(of, index))
    const kind = list.count < firstTagAt ? undefined : integerAt(this.#engine, itemOf(list, 0))
    if (kind === messageKind) written.messages.push(this.#message(list))
    else if (kind === spawnKind) written.spawns.push(this.#spawn(list))
    else if (kind === assignmentKind) written.assignments.push(this.#assignment(list))
    else throw notEmissions()
  }

  #message(list: List): string {
    const target = this.json(list, 1)
    const reference = this.#reference(list)
    const tags = `${tag('Type', '"Message"')},${tag('Reference', `"${reference}"`)}`
    return `{${this.#common(list, reference, tags)},"Target":${target}}`
  }

  #spawn(list: List): string {
    const module = this.json(list, 1)
    const reference = this.#reference(list)
    const own = `${tag('Module', module)},${tag('Reference', `"${reference}"`)}`
    return `{${this.#common(list, reference, `${tag('Type', '"Process"')},${own}`)}}`
  }

  #reference(list: List): string {
    const reference = integerAt(this.#engine, itemOf(list, 2))
    if (reference === undefined) throw notEmissions()
    return String(reference)
  }

  /** Anchor, data and tags. */
  #common(list: List, reference: string, tags: string): string {
    const { count } = list
    if (count % 2 !== 0 || count - firstTagAt > tagTextsMax) throw notEmissions()
    let own = ''
    for (let i = firstTagAt; i < count; i += 2)
      own += `,{"name":${this.json(list, i)},"value":${this.json(list, i + 1)}}`
    const anchor = reference.padStart(anchorLength, '0')
    return `"Anchor":"${anchor}","Data":${this.json(list, 3)},"Tags":[${protocolTags},${tags}${own}]`
  }

  #assignment(list: List): string {
    const engine = this.#engine
    const baseLayer = booleanAt(engine, itemOf(list, 3)) === true ? '"BaseLayer":true,' : ''
    const hasExclude = list.count > 4 && !isUndefined(engine, itemOf(list, 4))
    const exclude = hasExclude ? `"Exclude":${this.#texts(itemOf(list, 4))},` : ''
    const assigned = itemOf(list, 2)
    // The assignment itself is counted, for the first of them.
    this.count(Math.max(0, this.list(assigned).count - 1))
    const processes = this.#texts(assigned)
    return `{${baseLayer}${exclude}"Message":${this.json(list, 1)},"Processes":${processes}}`
  }

  #texts(at: ValueAddress): string {
    const list = this.list(at)
    const texts: string[] = []
    for (let i = 0; i < list.count; i++) texts.push(this.json(list, i))
    return `[${texts.join()}]`
  }
}

/** One tag; `value` is JSON. */
function tag(name: string, value: string): string {
  return `{"name":"${name}","value":${value}}`
}

const protocolTags = `${tag('Data-Protocol', '"ao"')},${tag('Variant', '"ao.TN.1"')}`

function tooLarge(): Error {
  return guestFault(
    `the result is too large: ${resultLimits.replyLength} bytes of text are the most. Emit less in one message.`,
  )
}

function tooMany(): Error {
  return guestFault(
    `one message emitted more than ${resultLimits.emissions}: messages, spawns, and processes of assignments`,
  )
}

/** Only an actor that broke its own built-ins gets here. */
function notEmissions(): Error {
  return guestFault('its result is not what the prelude gives: it changed built-ins that hold it')
}
