import { queryTooLarge } from '../errors.ts'
import type { BaseBlock } from '../ports.ts'
import { blockNode } from './block-node.ts'
import type { QueryContext } from './context.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import { queryLimits } from './limits.ts'
import { pageSize } from './transactions.ts'

type Optional<Value> = Value | null | undefined

export type BlocksArgs = {
  ids?: Optional<string[]>
  height?: Optional<{ min?: Optional<number>; max?: Optional<number> }>
  first?: Optional<number>
  after?: Optional<string>
  sort?: Optional<string>
}

/** One page of final blocks, by height. */
export async function blockConnection(args: BlocksArgs, context: QueryContext) {
  const first = pageSize(args.first)
  const ascending = args.sort?.endsWith('_ASC') ?? false
  const [after] = decodeCursor(args.after, 1) ?? []
  const { min, max } = bounds(args, context, ascending, after)
  const blocks = args.ids?.length
    ? await blocksById(args.ids, { min, max, ascending }, context)
    : await blocksByHeight({ min, max, ascending }, first + 1, context)
  const edges = blocks.slice(0, first).map((block) => ({
    cursor: encodeCursor(block.height),
    node: blockNode(block),
  }))
  return { pageInfo: { hasNextPage: blocks.length > first }, edges }
}

export async function blockById(id: Optional<string>, context: QueryContext) {
  const block = id ? await context.consensus.blockById(id) : context.consensus.tip()
  return block === undefined ? null : blockNode(block)
}

type Bounds = { readonly min: number; readonly max: number; readonly ascending: boolean }

function bounds(
  { height }: BlocksArgs,
  { consensus }: QueryContext,
  ascending: boolean,
  after: number | undefined,
): { min: number; max: number } {
  const min = Math.max(height?.min ?? 0, 0)
  const max = Math.min(height?.max ?? Number.MAX_SAFE_INTEGER, consensus.tip().height)
  if (after === undefined) return { min, max }
  return ascending ? { min: Math.max(min, after + 1), max } : { min, max: Math.min(max, after - 1) }
}

async function blocksByHeight(
  { min, max, ascending }: Bounds,
  limit: number,
  context: QueryContext,
): Promise<BaseBlock[]> {
  const blocks: BaseBlock[] = []
  for (let step = 0; step < limit && step <= max - min; step++) {
    const block = await context.block(ascending ? min + step : max - step)
    if (block !== undefined) blocks.push(block)
  }
  return blocks
}

async function blocksById(
  ids: readonly string[],
  { min, max, ascending }: Bounds,
  { consensus }: QueryContext,
): Promise<BaseBlock[]> {
  if (ids.length > queryLimits.listed) {
    throw queryTooLarge(`a list of ${ids.length} entries, ${queryLimits.listed} are allowed`)
  }
  const found = new Map<number, BaseBlock>()
  for (const id of ids) {
    const block = await consensus.blockById(id)
    if (block && block.height >= min && block.height <= max) found.set(block.height, block)
  }
  const sign = ascending ? 1 : -1
  return [...found.values()].sort((a, b) => sign * (a.height - b.height))
}
