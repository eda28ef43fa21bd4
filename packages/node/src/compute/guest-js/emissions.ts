import type { Tag } from '@heddle/protocol/item'
import { type OutgoingMessage, type OutgoingSpawn, resultLimits } from '@heddle/protocol/message'
import { guestFault } from '../guest/errors.ts'
import { type Engine, readText } from './engine.ts'
import type { ValueAddress } from './world.ts'

/** Texts of the tags of one emission: an item has at most 128 tags. */
const tagTextsMax = 256
/** Anchors are references, filled up to the 32 bytes that an item's anchor has. */
const anchorLength = 32

const dataProtocol: Tag = { name: 'Data-Protocol', value: 'ao' }
const variant: Tag = { name: 'Variant', value: 'ao.TN.1' }
const typeMessage: Tag = { name: 'Type', value: 'Message' }
const typeProcess: Tag = { name: 'Type', value: 'Process' }

/** A `response` of the JSON-1 ABI, its members in the order of their names. */
type Response = {
  readonly Assignments: unknown[]
  readonly Error?: string
  readonly GasUsed: number
  readonly Messages: OutgoingMessage[]
  readonly Output: { data: string; print?: boolean; prompt: string }
  readonly Spawns: OutgoingSpawn[]
}

/** Reads what `finish` of the prelude gave (`prelude/emissions.ts`). Throws `guest-fault` where it is none. */
export function readEmissions(engine: Engine, list: ValueAddress, gasUsed: number): Response {
  const reader = new EmissionReader(engine, list)
  const Assignments: unknown[] = []
  const Messages: OutgoingMessage[] = []
  const Spawns: OutgoingSpawn[] = []
  let error: { Error?: string } = {}
  for (;;) {
    const kind = reader.next()
    if (kind === 'output') {
      const Output = reader.output()
      return { Assignments, ...error, GasUsed: gasUsed, Messages, Output, Spawns }
    }
    if (kind === 'message') Messages.push(reader.message())
    else if (kind === 'spawn') Spawns.push(reader.spawn())
    else if (kind === 'assignment') Assignments.push(reader.assignment())
    else if (kind === 'error') error = { Error: reader.next() }
    else throw notEmissions()
  }
}

class EmissionReader {
  readonly #engine: Engine
  readonly #list: ValueAddress
  #at = 0
  /** Of the text of all of it: one long string may be in ten thousand messages. */
  #leftBytes: number = resultLimits.replyLength

  constructor(engine: Engine, list: ValueAddress) {
    this.#engine = engine
    this.#list = list
  }

  next(): string {
    const { exports } = this.#engine
    const value = exports.qjs_get_prop_uint32(this.#list, this.#at++)
    const text = readText(this.#engine, value, (bytes) => {
      if (bytes > this.#leftBytes) throw tooLarge()
    })
    exports.qjs_free_value(value)
    if (text === undefined) throw notEmissions()
    // Each entry counts, so that a list without end has one too.
    this.#leftBytes -= Buffer.byteLength(text) + 1
    return text
  }

  message(): OutgoingMessage {
    const Target = this.next()
    const reference = this.next()
    const Data = this.next()
    const Tags = [dataProtocol, variant, typeMessage, { name: 'Reference', value: reference }]
    this.#readTags(Tags)
    return { Anchor: anchorOf(reference), Data, Tags, Target }
  }

  spawn(): OutgoingSpawn {
    const module = this.next()
    const reference = this.next()
    const Data = this.next()
    const own = [
      { name: 'Module', value: module },
      { name: 'Reference', value: reference },
    ]
    const Tags = [dataProtocol, variant, typeProcess, ...own]
    this.#readTags(Tags)
    return { Anchor: anchorOf(reference), Data, Tags }
  }

  assignment(): unknown {
    try {
      return JSON.parse(this.next())
    } catch (error) {
      // The engine's words differ from version to version, and this is part of a result.
      throw error instanceof SyntaxError ? notEmissions() : error
    }
  }

  output(): Response['Output'] {
    const data = this.next()
    const prompt = this.next()
    return this.next() === '' ? { data, prompt } : { data, print: true, prompt }
  }

  #readTags(into: Tag[]): void {
    for (let texts = 0; texts <= tagTextsMax; texts += 2) {
      const name = this.next()
      if (name === '') return
      into.push({ name, value: this.next() })
    }
    throw notEmissions()
  }
}

function anchorOf(reference: string): string {
  return reference.padStart(anchorLength, '0')
}

function tooLarge(): Error {
  return guestFault(
    `the result is too large: ${resultLimits.replyLength} bytes of text are the most. Emit less in one message.`,
  )
}

/** Only an actor that broke its own built-ins gets here. */
function notEmissions(): Error {
  return guestFault('its result is not what the prelude gives: it changed built-ins that hold it')
}
