import { type Chance, createChance } from './chance.ts'
import { intents, type Wordings } from './templates.ts'
import { drawQuantity, freshWords, taughtWords, type Words } from './words.ts'

/** An order in words and the one tool call that is right for it. */
export type Example = { readonly order: string; readonly call: string }

/** Longest order that is made, in characters: with its call it fits the trainer's 72 positions. */
const orderLengthMax = 44

/** Seeds and sizes of the published files. Another seed is another dataset, and another model. */
const datasetPlan = {
  taught: { seed: 20_261, count: 8_000 },
  /** Taught wordings and words, other draws. */
  draws: { seed: 20_262, count: 200 },
  /** Wordings never taught. */
  wordings: { seed: 20_263, count: 200 },
  /** Names and tokens never taught, in taught wordings. */
  words: { seed: 20_264, count: 200 },
} as const

type PartName = keyof typeof datasetPlan

const deck = intents.flatMap(({ share, wordings }) => Array<Wordings>(share).fill(wordings))

/** The examples of one part, always the same; none of them is among `known`. */
export function generatePart(part: PartName, known: ReadonlySet<string> = new Set()): Example[] {
  const { seed, count } = datasetPlan[part]
  const chance = createChance(seed)
  const words = part === 'words' ? freshWords : taughtWords
  const examples: Example[] = []
  const seen = new Set(known)
  while (examples.length < count) {
    const example = drawExample(chance, words, part === 'wordings')
    // Orders without a slot are few: they may be repeated in training, never between parts.
    const isOld = part === 'taught' ? false : seen.has(example.order)
    if (isOld || example.order.length > orderLengthMax) continue
    seen.add(example.order)
    examples.push(example)
  }
  return examples
}

function drawExample(chance: Chance, words: Words, isHeldOut: boolean): Example {
  const wordings = chance.pick(deck)
  const template = chance.pick(isHeldOut ? wordings.heldOut : wordings.taught)
  const token = words.token(chance)
  const slots = {
    n: drawQuantity(chance),
    t: token,
    w: words.name(chance),
    p: drawQuantity(chance),
  }
  const spoken = { ...slots, t: chance.below(3) === 0 ? token.toLowerCase() : token }
  return { order: dress(chance, fill(template, spoken)), call: fill(wordings.call, slots) }
}

function fill(template: string, slots: Readonly<Record<string, string>>): string {
  return template.replace(/\{([ntwp])\}/g, (_, slot: string) => slots[slot] ?? '')
}

/** People begin with a capital or not, and end with a full stop, a thank you, or nothing. */
function dress(chance: Chance, plain: string): string {
  const text = chance.pick(beginnings) + plain
  const begun = chance.below(3) === 0 ? text.charAt(0).toUpperCase() + text.slice(1) : text
  return begun + chance.pick(['', '', '', '.', '!', ' please', ', thanks', ' now'])
}

const beginnings = ['', '', '', '', '', 'please ', 'hey, ', 'ok, ', 'now ', 'today ', 'could you ']

/** One example a line, as JSON. */
function writeExamples(examples: readonly Example[]): string {
  return `${examples.map((example) => JSON.stringify(example)).join('\n')}\n`
}

/** The published files by name: what `node training/generate.ts` writes. */
export function generateFiles(): Map<string, string> {
  const taught = generatePart('taught')
  const known = new Set(taught.map(({ order }) => order))
  const files = new Map([['dataset.jsonl', writeExamples(taught)]])
  for (const part of ['draws', 'wordings', 'words'] as const) {
    files.set(`held-out-${part}.jsonl`, writeExamples(generatePart(part, known)))
  }
  return files
}
