import { type Item, tagValue } from '@heddle/protocol/item'
import { modelModuleFormat } from '@heddle/protocol/model'
import type { Catalog } from '../models/catalog.ts'
import type { KeptItems } from '../ports.ts'
import { trainingModuleFormat } from '../training/job.ts'
import { expandTraining } from '../training/program.ts'
import { expandModel } from './program.ts'

/** Programs of the module formats this room adds, by URL; see compute's `moreFormats`. */
export const modelFormats: Readonly<Record<string, string>> = {
  [modelModuleFormat]: new URL(`compile${ownExtension()}`, import.meta.url).href,
  [trainingModuleFormat]: new URL(`../training/compile${ownExtension()}`, import.meta.url).href,
}

type Kept = { readonly catalog: Catalog; readonly items: Pick<KeptItems, 'item'> }

/** What a compute thread compiles for a module of any format: see `expandModel` and `expandTraining`. */
export async function expandModule(
  module: Item,
  { catalog, items }: Kept,
  use?: 'called',
): Promise<Uint8Array> {
  const format = tagValue(module.tags, 'Module-Format')
  if (format === trainingModuleFormat && use === undefined)
    return await expandTraining(module, items)
  return await expandModel(module, catalog, use)
}

/** `.ts` in the source tree, `.js` in the published package. */
function ownExtension(): string {
  return import.meta.url.endsWith('.ts') ? '.ts' : '.js'
}
