import type { SlotBatch, SlotEvent } from '@heddle/protocol/api'
import { encodeText } from '@heddle/protocol/base'
import type { Cancel, Timer } from '../runtime/index.ts'
import { feedBusy } from './errors.ts'
import { explorerLimits } from './options.ts'

type Reader = {
  readonly processId: string | undefined
  events: SlotEvent[]
  /** Events of this batch that did not fit. */
  skipped: number
  /** Texts to be sent before the next batch. */
  readonly notes: string[]
  wake(): void
}

/** Notes a slow reader may have waiting; older ones are dropped, for each new one says all. */
const notesMax = 8

/**
 * Server-sent events for any number of pages. Events are gathered and sent ten times a second, so that
 * a thousand a second cost a page ten wake-ups; a reader that is slow gets larger steps, not a queue.
 */
export class Feed {
  readonly #readers = new Set<Reader>()
  readonly #recent: SlotEvent[] = []
  readonly #timer: Timer
  #flushing: Cancel | undefined
  #closed = false

  constructor(timer: Timer) {
    this.#timer = timer
  }

  get readers(): number {
    return this.#readers.size
  }

  /** The newest events, oldest first, for a page that has just opened. */
  recent(): readonly SlotEvent[] {
    return this.#recent
  }

  add(event: SlotEvent): void {
    this.#recent.push(event)
    if (this.#recent.length > explorerLimits.recentEvents) this.#recent.shift()
    if (this.#readers.size === 0) return
    for (const reader of this.#readers) {
      if (reader.processId !== undefined && reader.processId !== event.processId) continue
      if (reader.events.length < explorerLimits.batchEventsMax) reader.events.push(event)
      else reader.skipped++
    }
    this.#flushing ??= this.#timer.after(explorerLimits.flushEveryMs, () => {
      this.#flushing = undefined
      this.#wakeAll()
    })
  }

  /** Tells every reader, at once. */
  tell(name: string, value: unknown): void {
    if (this.#readers.size === 0) return
    const text = eventText(name, value)
    for (const reader of this.#readers) {
      if (reader.notes.length >= notesMax) reader.notes.shift()
      reader.notes.push(text)
      reader.wake()
    }
  }

  /**
   * The feed as bytes, until the signal aborts or the room closes; of one process where one is named.
   * Throws `feed-busy`.
   */
  read(processId: string | undefined, signal: AbortSignal): AsyncIterable<Uint8Array> {
    if (this.#readers.size >= explorerLimits.readersMax) throw feedBusy(explorerLimits.readersMax)
    return this.#stream(processId, signal)
  }

  close(): void {
    this.#closed = true
    this.#flushing?.()
    this.#wakeAll()
  }

  async *#stream(processId: string | undefined, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let wake = () => {}
    const reader: Reader = { processId, events: [], skipped: 0, notes: [], wake: () => wake() }
    const onAbort = () => wake()
    signal.addEventListener('abort', onAbort)
    this.#readers.add(reader)
    try {
      yield encodeText('retry: 1000\n\n')
      while (!signal.aborted && !this.#closed) {
        const text = takeText(reader)
        if (text !== '') {
          yield encodeText(text)
          continue
        }
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        const cancel = this.#timer.after(explorerLimits.heartbeatMs, () => {
          reader.notes.push(': still here\n\n')
          resolve()
        })
        await promise
        cancel()
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#readers.delete(reader)
    }
  }

  #wakeAll(): void {
    for (const reader of this.#readers) reader.wake()
  }
}

function takeText(reader: Reader): string {
  const notes = reader.notes.splice(0).join('')
  const { events, skipped } = reader
  if (events.length === 0 && skipped === 0) return notes
  reader.events = []
  reader.skipped = 0
  const batch: SlotBatch = { events, skipped }
  return notes + eventText('slots', batch)
}

function eventText(name: string, value: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`
}
