import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createRuntime, nodeCrypto } from '../runtime/index.ts'
import { Checkpoints, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts'

const checkpoint = {
  processId: 'P'.repeat(43),
  moduleId: 'M'.repeat(43),
  nextSlot: 7,
  image: Uint8Array.from({ length: 50 }, (_, i) => i),
}

test('any single changed or missing byte makes a checkpoint none', () => {
  const bytes = encodeCheckpoint(checkpoint, nodeCrypto)
  expect(decodeCheckpoint(bytes, nodeCrypto)).toEqual(checkpoint)
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice()
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(decodeCheckpoint(changed, nodeCrypto)).toBeUndefined()
    expect(decodeCheckpoint(bytes.subarray(0, at), nodeCrypto)).toBeUndefined()
  }
})

test('only what fits process, module and slot is given out', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'heddle-checkpoint-'))
  try {
    const { disk } = createRuntime()
    const checkpoints = await Checkpoints.open(join(folder, 'c'), disk, nodeCrypto)
    const { processId, moduleId } = checkpoint
    expect(await checkpoints.read(processId, moduleId, 9)).toBeUndefined()
    await checkpoints.write(checkpoint)
    expect(await checkpoints.read(processId, moduleId, 7)).toEqual(checkpoint)
    expect(await checkpoints.read(processId, moduleId, 6)).toBeUndefined()
    expect(await checkpoints.read(processId, 'N'.repeat(43), 9)).toBeUndefined()
    expect(await checkpoints.read(processId.toLowerCase(), moduleId, 9)).toBeUndefined()
    await checkpoints.remove(processId)
    expect(await readdir(join(folder, 'c'))).toEqual([])
  } finally {
    await rm(folder, { recursive: true })
  }
})
