import { type Command, clientFlags, type Given, usageError } from '../command.ts'
import { getCommandOfDa } from './da-get.ts'
import { putCommandOfDa } from './da-put.ts'
import { recoverCommandOfDa } from './da-recover.ts'
import { registerCommandOfDa, stakeCommandOfDa } from './da-register.ts'
import { repairCommandOfDa } from './da-repair.ts'
import { sampleCommandOfDa } from './da-sample.ts'
import { statusOfDa, storersOfDa } from './da-status.ts'
import { verifyCommandOfDa } from './da-verify.ts'

const verbs: Readonly<Record<string, (given: Given) => Promise<number>>> = {
  put: putCommandOfDa,
  get: getCommandOfDa,
  sample: sampleCommandOfDa,
  verify: verifyCommandOfDa,
  status: statusOfDa,
  storers: storersOfDa,
  register: registerCommandOfDa,
  stake: stakeCommandOfDa,
  repair: repairCommandOfDa,
  recover: recoverCommandOfDa,
}

export const daCommand: Command = {
  name: 'da',
  usage:
    'put FILE | get BLOB | sample BLOB | verify CERTIFICATE | status | storers | ' +
    'register | stake STORER AMOUNT | repair STORER | recover PROCESS',
  summary: 'Publish bulk data to storers, read, sample and verify it',
  flags: {
    ...clientFlags,
    retention: { type: 'string', help: 'TIME to keep: 3600, 90m, 12h, 30d (default) or permanent' },
    'part-bytes': {
      type: 'string',
      help: 'BYTES of a blob; longer files are put in parts (64 MiB)',
    },
    out: {
      type: 'string',
      short: 'o',
      help: 'FILE to write: data (get), manifest (put), set (storers)',
    },
    rows: { type: 'string', help: 'COUNT of whole rows to sample: they speak for all of a blob' },
    pieces: { type: 'string', help: 'COUNT of pieces of 16 KiB to sample: cheap, and say less' },
    bits: { type: 'string', help: 'BITS of confidence to sample rows for (default 30)' },
    storers: {
      type: 'string',
      help: 'FILE of the storer set: verify needs it, get and sample take it',
    },
    'storer-set': { type: 'string', help: 'FILE of the storer set to recover a log from' },
    certificates: {
      type: 'string',
      help: 'FILE or URL: a log’s certificates, as GET /su/availability/PROCESS has them',
    },
    data: {
      type: 'string',
      help: 'DIR of a stopped or new node to recover a log into; of the storer',
    },
    key: { type: 'string', help: 'FILE with the key of that node, to go on with the log' },
    authority: {
      type: 'string',
      help: 'ADDRESS that gives stakes: storers as the base layer has them',
    },
    'epoch-seconds': { type: 'string', help: 'SECONDS an epoch of the network has (86400)' },
    height: { type: 'string', help: 'HEIGHT of a block: storers of its epoch' },
    host: { type: 'string', help: 'HOST of the storer to register' },
    'lane-port': { type: 'string', help: 'PORT of its lane' },
    placement: { type: 'string', help: 'LABELS of where it is, by commas: region:eu,disk:ssd' },
    scheduler: { type: 'string', help: 'ADDRESS that must have signed the log' },
  },
  arguments: [1, 3],
  async run(given) {
    const [verb = '', ...values] = given.values
    const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
    if (run === undefined) {
      throw usageError(`heddle da ${verb}: there are ${Object.keys(verbs).join(', ')}`)
    }
    return run({ ...given, values })
  },
}
