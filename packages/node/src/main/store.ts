import { join } from 'node:path'
import { createRuntime, nodeCrypto, type Runtime } from '../runtime/index.ts'
import {
  type Damage,
  dropStoreIndex,
  openStore,
  type Store,
  type StoreDeps,
  type StoreStatus,
} from '../store/index.ts'
import type { Ground } from './ground.ts'
import { lockDataFolder } from './lock.ts'

/** The store of this node, in `store/` of its data folder. */
export async function openNodeStore(
  { options, runtime, log, closing }: Ground,
  copies: NonNullable<StoreDeps['copies']>,
): Promise<Store> {
  const room = log.forRoom('store')
  const store = await openStore(storeFolder(options.dataFolder), {
    runtime,
    engine: nodeCrypto,
    copies,
    onDamage(damage) {
      if (damage.isTail)
        room.warn({ ...damage }, 'passed over a torn tail nobody was told was kept')
      else room.error({ ...damage }, 'a record is damaged: it is not served')
    },
    onFault: (what, error) => room.error({ error }, what),
  })
  closing.add(() => store.close())
  return store
}

/** What a rebuild found. */
export type Rebuilt = { readonly status: StoreStatus; readonly damages: readonly Damage[] }

/**
 * Makes the store's index anew from its segments, every checksum checked. The node must be stopped: rejects
 * with `data-folder-in-use` otherwise.
 */
export async function rebuildNodeStore(
  dataFolder: string,
  runtime: Runtime = createRuntime(),
): Promise<Rebuilt> {
  const lock = lockDataFolder(dataFolder)
  try {
    const damages: Damage[] = []
    const folder = storeFolder(dataFolder)
    await dropStoreIndex(folder, runtime)
    const store = await openStore(folder, {
      runtime,
      engine: nodeCrypto,
      onDamage: (damage) => void damages.push(damage),
      onFault: () => {},
    })
    const status = store.status()
    await store.close()
    return { status, damages }
  } finally {
    lock.release()
  }
}

function storeFolder(dataFolder: string): string {
  return join(dataFolder, 'store')
}
