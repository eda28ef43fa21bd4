import type { Model, Step } from './explore.ts'

/** Letters are 0, 1, …; the sender emits them in this order, all for one receiver. */
type Letter = number

/** None; waiting for its next attempt; dead, visible to its owner. */
type Row = 'none' | 'waiting' | 'dead'

/** What the sender knows: letters below `cursor` without a row are delivered. */
type Progress = { readonly cursor: number; readonly rows: readonly Row[] }

/**
 * Sender, network and receiver of spec/07-reliable-messages.md. A network is a set: what is in it
 * may arrive any number of times, in any order, or never.
 */
export type DeliveryState = {
  /** Letters whose result is durable, and of these the ones in the outbox. */
  readonly evaluated: number
  readonly outbox: readonly Letter[]
  /** Evaluated but not durable; written later, where a variant has it so. */
  readonly unwritten: number
  readonly unwrittenOutbox: readonly Letter[]
  /** The state file as it is on the disk, and with what is not committed yet. */
  readonly saved: Progress
  readonly known: Progress
  readonly sent: readonly Letter[]
  readonly acknowledged: readonly Letter[]
  /** The receiver's log on the disk, and what was taken on since. */
  readonly log: readonly Letter[]
  readonly pending: readonly Letter[]
  /** Names the receiver remembers in memory only; used by a variant. */
  readonly remembered: readonly Letter[]
  /** For the order: letters that were dead at some time. */
  readonly wereDead: readonly Letter[]
}

/** One rule left out or bent, each of which must be noticed. */
export type Flaw =
  | 'receiver keeps repeats'
  | 'receiver remembers names in memory only'
  | 'receiver answers before it is durable'
  | 'sender moves on when it has sent'
  | 'sender does not wait for the letter before'
  | 'sender reads results that are not durable'
  | 'outbox is written after the result'
  | 'a failed letter is forgotten'

export function deliveryModel(letters: number, flaw?: Flaw): Model<DeliveryState> {
  const all = Array.from({ length: letters }, (_, i) => i)
  const none: Progress = { cursor: 0, rows: all.map(() => 'none') }
  return {
    initial: {
      ...{ evaluated: 0, outbox: [], unwritten: 0, unwrittenOutbox: [], saved: none, known: none },
      ...{ sent: [], acknowledged: [], log: [], pending: [], remembered: [], wereDead: [] },
    },
    key: keyOf,
    *steps(state) {
      yield* evaluate(state, letters, flaw)
      yield* send(state, flaw)
      yield* network(state)
      yield* receive(state, flaw)
      yield* learn(state, flaw)
      yield* crash(state, flaw)
    },
    violation: (state) => violation(state),
    isGoal: ({ log, saved }) => log.length === letters && saved.cursor === letters && isIdle(saved),
    // Giving a letter up must not be the way to the goal.
    counts: (action) => !action.startsWith('give up') && !action.startsWith('crash'),
  }
}

function keyOf(state: DeliveryState): string {
  const { evaluated, unwritten, outbox, unwrittenOutbox, saved, known } = state
  const { sent, acknowledged, log, pending, remembered, wereDead } = state
  const progress = `${saved.cursor} ${saved.rows}/${known.cursor} ${known.rows}`
  const sides = `${outbox}/${unwrittenOutbox}/${log}/${pending}/${remembered}/${wereDead}`
  return `${evaluated} ${unwritten}/${progress}/${sides}/${sent}/${acknowledged}`
}

type Steps = Generator<Step<DeliveryState>>

/** The next slot is evaluated; its record, outbox and all, reaches the disk. */
function* evaluate(state: DeliveryState, letters: number, flaw: Flaw | undefined): Steps {
  const { evaluated, unwritten, outbox, unwrittenOutbox } = state
  const next = evaluated + unwritten
  if (next < letters) {
    yield { action: `evaluate ${next}`, state: { ...state, unwritten: unwritten + 1 } }
  }
  if (unwritten > 0) {
    const written = { ...state, evaluated: evaluated + 1, unwritten: unwritten - 1 }
    const later = flaw === 'outbox is written after the result'
    const added = later
      ? { unwrittenOutbox: add(unwrittenOutbox, evaluated) }
      : { outbox: add(outbox, evaluated) }
    yield { action: `result ${evaluated} durable`, state: { ...written, ...added } }
  }
  const [letter, ...rest] = unwrittenOutbox
  if (letter === undefined) return
  const kept = { ...state, outbox: add(outbox, letter), unwrittenOutbox: rest }
  yield { action: `outbox ${letter} durable`, state: kept }
}

/** The lane: one letter at a time, the first that is neither delivered nor dead. */
function* send(state: DeliveryState, flaw: Flaw | undefined): Steps {
  for (const letter of sendable(state, flaw)) {
    const sent = { ...state, sent: add(state.sent, letter) }
    if (flaw === 'sender moves on when it has sent') {
      yield { action: `send ${letter}`, state: { ...sent, known: settled(state.known, letter) } }
      continue
    }
    yield { action: `send ${letter}`, state: sent }
    yield {
      action: `attempt at ${letter} fails`,
      state: { ...state, known: fail(state, letter, flaw) },
    }
  }
  for (const [letter, row] of state.known.rows.entries()) {
    if (row === 'waiting') {
      const known = withRow(state.known, letter, 'dead')
      const wereDead = add(state.wereDead, letter)
      yield { action: `give up ${letter}`, state: { ...state, known, wereDead } }
    }
    if (row === 'dead') {
      const known = withRow(state.known, letter, 'waiting')
      yield { action: `retry ${letter}`, state: { ...state, known } }
    }
  }
}

/** Loses what is under way; arriving twice, late or out of order is in `receive` and `learn`. */
function* network(state: DeliveryState): Steps {
  for (const letter of state.sent) {
    yield { action: `lose ${letter}`, state: { ...state, sent: without(state.sent, letter) } }
  }
  for (const letter of state.acknowledged) {
    const acknowledged = without(state.acknowledged, letter)
    yield { action: `lose receipt of ${letter}`, state: { ...state, acknowledged } }
  }
}

/** The receiving scheduler: a repeat gets the first receipt, once that is durable. */
function* receive(state: DeliveryState, flaw: Flaw | undefined): Steps {
  const { sent, log, pending, acknowledged, remembered } = state
  const isAnswered = flaw === 'receiver answers before it is durable'
  for (const letter of sent) {
    const known = flaw === 'receiver remembers names in memory only' ? remembered : log
    if (known.includes(letter) && flaw !== 'receiver keeps repeats') {
      yield {
        action: `${letter} arrives again`,
        state: { ...state, acknowledged: add(acknowledged, letter) },
      }
    } else if (!pending.includes(letter) && log.length + pending.length < 2 * state.evaluated) {
      yield {
        action: `${letter} arrives`,
        state: {
          ...state,
          pending: [...pending, letter],
          acknowledged: isAnswered ? add(acknowledged, letter) : acknowledged,
        },
      }
    }
  }
  const [first, ...rest] = pending
  if (first === undefined) return
  yield {
    action: `${first} durable`,
    state: {
      ...state,
      log: [...log, first],
      pending: rest,
      remembered: add(remembered, first),
      acknowledged: add(acknowledged, first),
    },
  }
}

/** A receipt ends the attempt; progress is committed now and then, rows and cursor as one. */
function* learn(state: DeliveryState, flaw: Flaw | undefined): Steps {
  for (const letter of state.acknowledged) {
    if (!sendable(state, flaw).includes(letter)) continue
    const known = settled(state.known, letter)
    yield { action: `receipt of ${letter} arrives`, state: { ...state, known } }
  }
  yield { action: 'progress committed', state: { ...state, saved: state.known } }
}

/** Either side loses its memory. What the network holds of before stays. */
function* crash(state: DeliveryState, _flaw: Flaw | undefined): Steps {
  const sender = { ...state, known: state.saved, unwritten: 0, unwrittenOutbox: [] }
  yield { action: 'crash of the sender', state: sender }
  yield { action: 'crash of the receiver', state: { ...state, pending: [], remembered: [] } }
}

/** Letters that may be sent now: with the rule, the first one at most. */
function sendable(state: DeliveryState, flaw: Flaw | undefined): Letter[] {
  const { known, outbox, evaluated, unwritten } = state
  const readable =
    flaw === 'sender reads results that are not durable'
      ? Array.from({ length: evaluated + unwritten }, (_, i) => i)
      : outbox
  const open = readable.filter((letter) => {
    const row = known.rows[letter]
    return row === 'waiting' || (row === 'none' && letter >= known.cursor)
  })
  return flaw === 'sender does not wait for the letter before' ? open : open.slice(0, 1)
}

/** The letter is delivered: its row is gone, or the cursor passes it. */
function settled(known: Progress, letter: Letter): Progress {
  return passed(withRow(known, letter, 'none'), letter)
}

/** An attempt failed: the letter gets a row, and the cursor may pass it. */
function fail({ known }: DeliveryState, letter: Letter, flaw: Flaw | undefined): Progress {
  const row = flaw === 'a failed letter is forgotten' ? 'none' : 'waiting'
  return passed(withRow(known, letter, row), letter)
}

/** A cursor moves by one: what is behind it is delivered or has a row. */
function passed({ cursor, rows }: Progress, letter: Letter): Progress {
  return { rows, cursor: letter === cursor ? letter + 1 : cursor }
}

function violation(state: DeliveryState): string | undefined {
  const { log, outbox, evaluated, wereDead, known, saved } = state
  if (new Set(log).size < log.length) return 'a letter is in the log twice'
  const early = log.find((letter) => letter >= evaluated)
  if (early !== undefined) return `letter ${early} was delivered, and its result is not durable`
  const kept = log.filter((letter) => !wereDead.includes(letter))
  if (kept.some((letter, i) => letter < (kept[i - 1] ?? 0))) return 'letters are out of order'
  for (const progress of [known, saved]) {
    for (const letter of outbox) {
      const isBelieved = letter < progress.cursor && progress.rows[letter] === 'none'
      if (isBelieved && !log.includes(letter)) return `letter ${letter} is lost`
    }
  }
  return undefined
}

function isIdle({ rows }: Progress): boolean {
  return rows.every((row) => row === 'none')
}

function withRow({ cursor, rows }: Progress, letter: Letter, row: Row): Progress {
  return { cursor, rows: rows.map((each, i) => (i === letter ? row : each)) }
}

/** Sets, in one order each, so that equal states are equal texts. */
function add(set: readonly Letter[], letter: Letter): Letter[] {
  return set.includes(letter) ? [...set] : [...set, letter].sort((a, b) => a - b)
}

function without(set: readonly Letter[], letter: Letter): Letter[] {
  return set.filter((each) => each !== letter)
}
