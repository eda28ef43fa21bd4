import { encodeBase64Url } from '@heddle/protocol/base'
import { createRuntime, nodeCrypto } from '../../runtime/index.ts'
import { modelMemoryLimit, packedModelInvalid, trainingPartDamaged } from '../errors.ts'
import type { GuestImage } from '../guest/memory-image.ts'
import { memoryOf } from '../guest/memory-image.ts'
import { neverRuns } from '../guest/never-runs.ts'
import { unpackModel } from '../guest/packing.ts'
import { createTrainingGuest, type TrainingGuest, trainingStateBytes } from './guest.ts'
import { readJob, type TrainingJob, trainingModuleFormat } from './job.ts'
import { readTrainingKernels } from './kernels.ts'
import { openRun } from './run.ts'

/** A training as compute's port for modules has it (`compute/guest/ports.ts`). */
export type TrainingModule = {
  readonly format: string
  instantiate(options: {
    readonly memoryBytes: number
    readonly image?: GuestImage | undefined
  }): Promise<TrainingGuest>
}

const { sha256 } = nodeCrypto

/** Compiles a packed training; one trainer serves all its processes on a thread. Throws codes `module-…`. */
export async function compileModule(bytes: Uint8Array): Promise<TrainingModule> {
  return await compile(bytes).catch((error) => {
    throw neverRuns(error)
  })
}

async function compile(bytes: Uint8Array): Promise<TrainingModule> {
  const { manifest, tokenizer, weights: dataset } = unpackModel(bytes)
  const job = readJob(manifest.slice())
  checkPart(job, 'dataset', dataset)
  checkPart(job, 'tokenizer', tokenizer)
  const kernels = await readTrainingKernels(createRuntime().disk)
  const run = openRun({ job, dataset, tokenizer: tokenizer.slice(), kernels, sha256 })
  const stateBytes = trainingStateBytes(run)
  return {
    format: trainingModuleFormat,
    instantiate: async ({ memoryBytes, image }) => {
      if (stateBytes > memoryBytes) throw modelMemoryLimit(stateBytes, memoryBytes)
      if (image !== undefined && image.byteLength !== stateBytes) {
        throw packedModelInvalid(`its memory has ${image.byteLength} bytes, not ${stateBytes}`)
      }
      return createTrainingGuest(run, memoryOf(stateBytes, image))
    },
  }
}

function checkPart(job: TrainingJob, part: 'dataset' | 'tokenizer', bytes: Uint8Array): void {
  const actual = encodeBase64Url(sha256(bytes))
  if (actual !== job[`${part}Hash`]) throw trainingPartDamaged(part, job[part])
}
