import {
  formatBlocks,
  type ModelLayout,
  modelLimits,
  partBytes,
  type TensorPart,
} from '@heddle/protocol/model'
import { weightInvalid } from '../errors.ts'
import type { Kernels } from '../kernel/kernels.ts'
import type { LayerAddresses, MemoryPlan } from '../memory/plan.ts'
import type { WeightSource } from '../ports.ts'

type Loading = {
  readonly plan: MemoryPlan
  readonly kernels: Kernels
  readonly memory: WebAssembly.Memory
  readonly source: WeightSource
}

/** Rows under way: `first` is the row of the matrix, `count` how many. */
type Rows = { readonly first: number; readonly count: number }

function check(loading: Loading, part: TensorPart, at: number, rows: Rows): void {
  const { weightMax } = modelLimits
  const wrong = loading.kernels.checkWeights(at, rows.count * part.cols, weightMax)
  if (wrong >= 0) throw weightInvalid(part.name, rows.first * part.cols + wrong, weightMax)
}

/** Turns staged rows into f32 at `to`. */
function widen({ plan, kernels }: Loading, part: TensorPart, to: number, rows: Rows): void {
  const count = rows.count * part.cols
  const { staging } = plan
  const blocks = count / formatBlocks[part.format].weights
  switch (part.format) {
    case 'f16':
      kernels.widenHalf(to, staging, count)
      break
    case 'q8_0':
      kernels.widenQuantized(to, staging, blocks)
      break
    case 'q4_0':
      kernels.widenNibbles(to, staging, blocks)
      break
    case 'q4_k':
      kernels.widenFour(to, staging, blocks)
      break
    case 'q6_k':
      kernels.widenSix(to, staging, blocks)
      break
  }
}

function packRows(loading: Loading, part: TensorPart, to: number, rows: Rows): void {
  const { plan, kernels } = loading
  const { first, count } = rows
  const { weightMax } = modelLimits
  // These have a scale for 32 weights already: they are taken as they are.
  if (plan.group === 32 && (part.format === 'q8_0' || part.format === 'q4_0')) {
    const pack = part.format === 'q8_0' ? kernels.packQuantized : kernels.packNibbles
    const wrong = pack(to, first, count, plan.staging, part.cols, weightMax)
    if (wrong >= 0) throw weightInvalid(part.name, wrong * part.cols, weightMax)
    return
  }
  const from = part.format === 'f32' ? plan.staging : plan.widened
  if (part.format !== 'f32') widen(loading, part, from, rows)
  const { group, rowScratch: scratch } = plan
  const { cols } = part
  const wrong = kernels.quantizeRows(to, first, count, from, cols, group, scratch, weightMax)
  // Quantising sees the largest of each group anyway; which weight it is, `check` says.
  if (wrong >= 0) check(loading, part, from, rows)
}

/** Brings one tensor to `to`: as f32 where `group` is 0, otherwise packed. */
async function loadPart(loading: Loading, part: TensorPart, to: number, group: number) {
  const { plan, memory, source } = loading
  const rowBytes = partBytes(part) / part.rows
  // No more weights than bytes: what they are widened to has four times the room.
  const rowsStaged = Math.max(1, Math.floor(plan.stagedBytes / Math.max(rowBytes, part.cols)))
  // Whole quads where there is room for one: those are packed at once.
  const rowsAtOnce = rowsStaged < 4 ? rowsStaged : rowsStaged - (rowsStaged % 4)
  for (let first = 0; first < part.rows; first += rowsAtOnce) {
    const rows = { first, count: Math.min(rowsAtOnce, part.rows - first) }
    const target = to + first * part.cols * 4
    const isDirect = group === 0 && part.format === 'f32'
    const at = isDirect ? target : plan.staging
    const into = new Uint8Array(memory.buffer, at, rows.count * rowBytes)
    await source.read(into, part.offset + first * rowBytes)
    if (group !== 0) {
      packRows(loading, part, to, rows)
      continue
    }
    if (!isDirect) widen(loading, part, target, rows)
    check(loading, part, target, rows)
  }
}

/** A tensor, where it goes, and in groups of how many: 0 stays f32. */
type Place = { readonly part: TensorPart; readonly to: number; readonly group: number }

/**
 * Every tensor as it lies in the file, one after another: read in the order of layers, a file that is in order of
 * kinds would be left at each, and what has been read ahead would be read again.
 */
function inFileOrder({ plan }: Loading, layout: ModelLayout): readonly Place[] {
  const { group } = plan
  const places: Place[] = [
    { part: layout.embedding, to: plan.embedding, group },
    { part: layout.finalNorm, to: plan.finalNorm, group: 0 },
  ]
  for (const [i, layer] of layout.layers.entries()) {
    const addresses = plan.layers[i]
    if (addresses === undefined) continue
    for (const name of Object.keys(addresses) as (keyof LayerAddresses)[]) {
      const isVector = name === 'attentionNorm' || name === 'feedForwardNorm'
      places.push({ part: layer[name], to: addresses[name], group: isVector ? 0 : group })
    }
  }
  if (!layout.shape.tied) places.push({ part: layout.head, to: plan.head, group })
  return places.sort((a, b) => a.part.offset - b.part.offset)
}

/**
 * Reads all weights of a model into its memory, checked and packed. Throws `weight-invalid`; what
 * the source throws passes through. `onBytes` hears how much of the file has been taken.
 */
export async function loadWeights(
  loading: Loading,
  layout: ModelLayout,
  onBytes: (bytes: number) => void,
): Promise<void> {
  let taken = 0
  for (const { part, to, group } of inFileOrder(loading, layout)) {
    await loadPart(loading, part, to, group)
    taken += partBytes(part)
    onBytes(taken)
  }
}
