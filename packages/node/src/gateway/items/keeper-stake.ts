import { encodeBase64Url } from '@heddle/protocol/base'
import { keeperStakeTags, readKeeperStake } from '@heddle/protocol/registry'
import { pendingHeight } from '../catalog/location.ts'
import type { ItemStore } from './store.ts'

/** Of so many statements at most one has no block yet, or the authority has much to say. */
const looked = 100

/**
 * Winston a node that keeps copies has at stake: what the authority (an address) said last in a block of the
 * base layer; 0 where it said nothing. Of a block with several the last id counts.
 */
export async function findKeeperStake(
  store: ItemStore,
  authority: string,
  keeper: string,
): Promise<bigint> {
  const { terms } = store
  const found = await store.search({
    required: [
      [terms.owner(authority)],
      [terms.tag('Type', keeperStakeTags.type)],
      [terms.tag(keeperStakeTags.keeper, keeper)],
    ],
    excluded: [],
    heights: {},
    times: {},
    ascending: false,
    limit: looked,
  })
  const settled = found.filter(({ height }) => height < pendingHeight)
  const newest = settled.filter(({ height }) => height === settled[0]?.height)
  const ids = newest.map(({ id }) => ({ id, name: Buffer.from(id).toString('hex') }))
  ids.sort((a, b) => (a.name < b.name ? 1 : -1))
  for (const { id } of ids) {
    const item = await store.item(encodeBase64Url(id))
    const said = item && readKeeperStake(item)
    if (said?.keeper === keeper) return said.stake
  }
  return 0n
}
