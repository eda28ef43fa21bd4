import { open } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { chunkHash, sha256Hash } from '@heddle/node/inference'
import { nodeCrypto } from '@heddle/node/runtime'
import { errorMessage, HeddleError } from '@heddle/protocol/base'
import { type ChatFormat, chatFormats } from '@heddle/protocol/model'
import { addModel, type ModelInput, verifyModel, type WeightFile } from '@heddle/sdk'
import {
  type Command,
  clientFlags,
  type Given,
  idArgument,
  numberFlag,
  textFlag,
  usageError,
} from '../command.ts'
import { connect, connectSigned } from '../connect.ts'
import { readInput } from '../file.ts'
import { listModels } from '../list-models.ts'
import { showModelProgress } from '../model-progress.ts'
import { answer, withProgress } from '../output.ts'

const hash = sha256Hash(nodeCrypto.sha256)
const groupMax = 1024

/** Runs `use` with a file that is read piece by piece: weights may be larger than memory. */
async function withFile<T>(path: string, use: (file: WeightFile) => Promise<T>): Promise<T> {
  const handle = await open(path).catch((cause) => {
    const text = `cannot read ${path}: ${errorMessage(cause)}`
    throw new HeddleError('file-unreadable', 'invalid', text, { path }, { cause })
  })
  try {
    const { size } = await handle.stat()
    return await use({
      sizeBytes: size,
      read: async (from, to) => {
        const into = new Uint8Array(to - from)
        const { bytesRead } = await handle.read(into, 0, into.length, from)
        return into.subarray(0, bytesRead)
      },
    })
  } finally {
    await handle.close()
  }
}

/** What the flags say of a model. */
async function inputOf(path: string, { flags, signal }: Given): Promise<Omit<ModelInput, 'file'>> {
  const tokenizerPath = textFlag(flags, 'tokenizer')
  const precision = textFlag(flags, 'precision') ?? 'int8'
  const chat = textFlag(flags, 'chat') ?? 'plain'
  if (precision !== 'int8' && precision !== 'f32') {
    throw usageError(`--precision ${precision}: give int8 or f32`)
  }
  if (!chatFormats.includes(chat as ChatFormat)) {
    throw usageError(`--chat ${chat}: give ${chatFormats.join(', ')}`)
  }
  const parent = textFlag(flags, 'derived-from')
  const group = numberFlag(flags, 'group', groupMax)
  return {
    name: textFlag(flags, 'name') ?? basename(path, extname(path)).slice(0, 64),
    precision,
    chat: chat as ChatFormat,
    licence: textFlag(flags, 'licence') ?? '',
    ...(group === undefined ? {} : { group }),
    ...(tokenizerPath === undefined ? {} : { tokenizer: await readInput(tokenizerPath) }),
    derivedFrom: parent === undefined ? [] : [idArgument('item the model was made from', parent)],
    hash,
    chunkHash,
    signal,
  }
}

async function add(path: string, given: Given): Promise<number> {
  const { flags } = given
  const input = await inputOf(path, given)
  const client = await connectSigned(flags)
  const progress = showModelProgress()
  const added = await withFile(path, (file) =>
    addModel(client, { ...input, file, onProgress: progress.show }),
  ).finally(progress.end)
  const { id, root, chunks, sentChunks } = added
  const kept = chunks - sentChunks
  const rest = kept === 0 ? '' : ` (${kept} were kept already)`
  const text = `model  ${id}  ${input.name}\nroot   ${root}\nsent   ${sentChunks} chunks${rest}`
  answer(flags.json === true, { ...added, name: input.name }, text)
  return 0
}

async function list({ flags, signal }: Given): Promise<number> {
  const models = await withProgress('reading', listModels(connect(flags), signal))
  const rows = models.map(
    ({ id, name, format, precision, sizeBytes, licence }) =>
      `${id}  ${name}  ${format} ${precision}  ${(sizeBytes / 2 ** 20).toFixed(1)} MiB  ${licence}`,
  )
  answer(flags.json === true, { models }, rows.join('\n') || 'none yet: heddle model add FILE')
  return 0
}

async function verify(id: string, { flags, signal }: Given): Promise<number> {
  const modelId = idArgument('model', id)
  const progress = showModelProgress()
  const work = { hash, chunkHash, signal, onProgress: progress.show }
  const manifest = await verifyModel(connect(flags), modelId, work).finally(progress.end)
  const { root, weights, chunks } = manifest
  const value = { id: modelId, root, sizeBytes: weights.sizeBytes, chunks: chunks.length }
  const text = `model  ${modelId}  ${manifest.name}\nright  all ${chunks.length} chunks are those of root ${root}`
  answer(flags.json === true, value, text)
  return 0
}

export const modelCommand: Command = {
  name: 'model',
  usage: 'add FILE | list | verify ID',
  summary: 'Add a language model (GGUF or llama2.c), list the models, or check one',
  flags: {
    ...clientFlags,
    tokenizer: { type: 'string', help: 'FILE of the tokenizer (llama2.c; GGUF has its own)' },
    name: { type: 'string', help: 'NAME to ask for it by (default: the file’s)' },
    precision: { type: 'string', help: 'PRECISION, int8 or f32 (default int8)' },
    group: { type: 'string', help: 'COLUMNS that share a scale in int8 (default 32)' },
    chat: { type: 'string', help: `FORMAT of conversations: ${chatFormats.join(', ')}` },
    licence: { type: 'string', help: 'LICENCE of the weights' },
    'derived-from': { type: 'string', help: 'ID of the item the model was made from' },
  },
  arguments: [1, 2],
  async run(given) {
    const [verb, what] = given.values
    if (verb === 'list' && what === undefined) return list(given)
    if (verb === 'add' && what !== undefined) return add(what, given)
    if (verb === 'verify' && what !== undefined) return verify(what, given)
    throw usageError('heddle model: add FILE, list, or verify ID. See: heddle model --help')
  },
}
