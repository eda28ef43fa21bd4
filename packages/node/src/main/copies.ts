import { join } from 'node:path'
import { encodeBase64Url } from '@heddle/protocol/base'
import { type Copies, openCopies } from '../copies/index.ts'
import type { Gateway } from '../gateway/index.ts'
import { nodeCrypto } from '../runtime/index.ts'
import type { Store } from '../store/index.ts'
import type { Ground } from './ground.ts'

const mebibyte = 1024 * 1024

/** The copies of this node: what others keep for it, and it for others, in `copies/` of its data folder. */
export async function openNodeCopies(
  { options, runtime, signer, log, metrics, closing }: Ground,
  store: Store,
  gateway: () => Gateway,
): Promise<Copies> {
  const room = log.forRoom('copies')
  const folder = join(options.dataFolder, 'copies')
  await runtime.disk.makeFolder(folder)
  const authority = options.stakeAuthority ?? encodeBase64Url(nodeCrypto.sha256(signer.owner))
  const challenges = 'Challenges of copies at keepers, by how they ended'
  for (const outcome of ['proven', 'failed']) {
    metrics.count('copy_challenges', challenges, 0, { outcome })
  }
  const copies = openCopies(
    join(folder, 'copies.sqlite'),
    {
      runtime,
      engine: nodeCrypto,
      signer,
      store,
      items: {
        keepCopy: (copy) => gateway().keepCopy(copy),
        isKept: (id) => gateway().isKept(id),
        stakeOf: (address) => gateway().keeperStake(authority, address),
      },
      fetch: globalThis.fetch,
      warn: (fields, text) => room.warn(fields, text),
      onChallenge: (isProven) =>
        metrics.count('copy_challenges', challenges, 1, {
          outcome: isProven ? 'proven' : 'failed',
        }),
    },
    {
      placement: options.placement,
      keepers: options.keepers,
      keepBytes: options.keepCopiesMebibytes * mebibyte,
      keepFor: options.keepFor,
      challengeEveryMs: options.challengeCopiesSeconds * 1000,
    },
  )
  closing.add(() => copies.close())
  const { summary } = copies
  metrics.gauge('copies_promised', 'Items whose copies at keepers this node answers for', () => {
    return summary().promised
  })
  metrics.gauge('copies_short', 'Of these, items with fewer copies than promised', () => {
    return summary().short
  })
  metrics.gauge('copies_kept', 'Copies kept for other nodes', () => summary().kept)
  metrics.gauge('copies_kept_bytes', 'What they count against --keep-copies-mib', () => {
    return summary().keptBytes
  })
  return {
    ...copies,
    start() {
      // Before the gateway, whose uploads may wait for keepers.
      closing.add(() => copies.close())
      copies.start()
    },
  }
}
