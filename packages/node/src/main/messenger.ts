import { encodeBase64Url } from '@heddle/protocol/base'
import { createMessenger } from '../messenger/index.ts'
import { nodeCrypto } from '../runtime/index.ts'
import type { Ground } from './ground.ts'

type Deps = Parameters<typeof createMessenger>[0]
type Parts = Pick<Deps, 'scheduler' | 'compute' | 'verify' | 'baseLayer' | 'stateFile'> & {
  readonly onSigned: NonNullable<Deps['onSigned']>
  readonly gateway: Pick<Deps['items'], 'keep' | 'schedulerLocation'> & {
    keptItem: Deps['items']['item']
    announcedSchedulers(
      except: string,
      limit: number,
    ): ReturnType<Deps['items']['announcedSchedulers']>
  }
}

/** Opens the messenger over the results of this node's own processes. */
export async function openMessenger(ground: Ground, { gateway, ...parts }: Parts) {
  const { options, runtime, signer, metrics, publicUrl, closing } = ground
  const address = encodeBase64Url(nodeCrypto.sha256(signer.owner))
  const messenger = await createMessenger({
    ...parts,
    items: {
      // Asked for every receiver: processes of this node are known before, so the index may lag.
      item: (id) => gateway.keptItem(id),
      keep: (item) => gateway.keep(item),
      schedulerLocation: (owner) => gateway.schedulerLocation(owner),
      announcedSchedulers: (limit) => gateway.announcedSchedulers(address, limit),
    },
    signer,
    engine: nodeCrypto,
    runtime,
    log: ground.log.forRoom('messenger'),
    metrics,
    peers: options.peers,
    publicUrl,
    fetch: globalThis.fetch,
  })
  closing.add(() => messenger.close())
  for (const state of ['delivered', 'kept', 'retry', 'dead']) {
    metrics.count(`letters_${state}`, `Deliveries that ended as ${state}`, 0)
  }
  return messenger
}
