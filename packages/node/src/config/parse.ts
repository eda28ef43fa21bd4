import { HeddleError, isId } from '@heddle/protocol/base'
import { isPlacementLabel, retentionLimits } from '@heddle/protocol/params'
import { allRoles, type NodeOptions, nodeDefaults } from './options.ts'

/** Raw settings by flag name: from the command line, or from `HEDDLE_…` variables. */
export type Settings = Readonly<Record<string, string | boolean | undefined>>

function wrongSetting(name: string, value: unknown, want: string): HeddleError {
  const text = `--${name} ${String(value)}: ${want}`
  return new HeddleError('setting-invalid', 'invalid', text, { name })
}

function wholeNumber(name: string, value: string, min: number, max: number): number {
  const number = Number(value)
  if (!/^[0-9]+$/.test(value) || !Number.isInteger(number) || number < min || number > max) {
    throw wrongSetting(name, value, `give a whole number from ${min} to ${max}`)
  }
  return number
}

function httpUrl(name: string, value: string): string {
  const url = URL.parse(value)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw wrongSetting(name, value, 'give an http or https URL')
  }
  return url.href.replace(/\/$/, '')
}

function splitList(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function processId(value: string): string {
  if (isId(value)) return value
  throw wrongSetting('recover', value, 'give ids of processes, 43 characters each, with commas')
}

function addressOf(name: string, value: string): string {
  if (isId(value)) return value
  throw wrongSetting(name, value, 'give addresses of nodes, 43 characters each (heddle status)')
}

/** The address is named by the operator: who answers at a URL could be anybody. */
function parseKeeper(value: string): NodeOptions['keepers'][number] {
  const mark = value.lastIndexOf('#')
  const address = value.slice(mark + 1)
  if (mark > 0 && isId(address)) return { url: httpUrl('keepers', value.slice(0, mark)), address }
  throw wrongSetting('keepers', value, 'give URL#ADDRESS of each keeper (heddle status tells it)')
}

function parsePlacement(value: string): string[] {
  const labels = splitList(value)
  const isFine = labels.length <= retentionLimits.placementLabels && labels.every(isPlacementLabel)
  if (isFine) return labels
  throw wrongSetting('placement', value, 'give at most 16 labels such as region:eu, with commas')
}

/** Each unit reads the others' logs directly, so for now a node has all of them or is none. */
function parseRoles(value: string): NodeOptions['roles'] {
  if (value === 'storer') return ['storer']
  const named = value === 'all' ? allRoles : splitList(value)
  const isKnown = (role: string) => allRoles.some((known) => known === role)
  if (named.every(isKnown) && allRoles.every((role) => named.includes(role))) return allRoles
  throw wrongSetting(
    'roles',
    value,
    `a node runs all of ${allRoles.join(', ')}: give all, or storer`,
  )
}

function parseLogLevel(value: string): NodeOptions['logLevel'] {
  if (value === 'info' || value === 'warn' || value === 'error' || value === 'silent') return value
  throw wrongSetting('log', value, 'choose from info, warn, error, silent')
}

function parseAvailability(value: string): NodeOptions['availability'] {
  if (value === 'local' || value === 'certified') return value
  throw wrongSetting('availability', value, 'choose from local, certified')
}

const parsers: Readonly<Record<string, (value: string) => Partial<NodeOptions>>> = {
  data: (value) => ({ dataFolder: value }),
  host: (value) => ({ host: value }),
  port: (value) => ({ port: wholeNumber('port', value, 0, 65_535) }),
  'public-url': (value) => ({ publicUrl: httpUrl('public-url', value) }),
  peer: (value) => ({ peers: splitList(value).map((url) => httpUrl('peer', url)) }),
  roles: (value) => ({ roles: parseRoles(value) }),
  storers: (value) => ({ storers: wholeNumber('storers', value, 0, 256) }),
  'storer-set': (value) => ({ storerSetFile: value }),
  availability: (value) => ({ availability: parseAvailability(value) }),
  'lane-port': (value) => ({ lanePort: wholeNumber('lane-port', value, 0, 65_535) }),
  key: (value) => ({ keyFile: value }),
  log: (value) => ({ logLevel: parseLogLevel(value) }),
  'compute-threads': (value) => ({ computeThreads: wholeNumber('compute-threads', value, 1, 256) }),
  'compute-memory-mib': (value) => ({
    computeMemoryMebibytes: wholeNumber('compute-memory-mib', value, 16, 1_048_576),
  }),
  'winston-per-mib': (value) => ({
    winstonPerMebibyte: wholeNumber('winston-per-mib', value, 0, Number.MAX_SAFE_INTEGER),
  }),
  keepers: (value) => ({ keepers: splitList(value).map(parseKeeper) }),
  placement: (value) => ({ placement: parsePlacement(value) }),
  'keep-copies-mib': (value) => ({
    keepCopiesMebibytes: wholeNumber('keep-copies-mib', value, 0, 1_073_741_824),
  }),
  'keep-for': (value) => ({
    keepFor: value === 'anyone' ? value : splitList(value).map((one) => addressOf('keep-for', one)),
  }),
  'stake-authority': (value) => ({ stakeAuthority: addressOf('stake-authority', value) }),
  'challenge-copies-s': (value) => ({
    challengeCopiesSeconds: wholeNumber('challenge-copies-s', value, 1, 31_536_000),
  }),
  recover: (value) => ({ recover: splitList(value).map(processId) }),
  'model-memory-mib': (value) => ({
    modelMemoryMebibytes: wholeNumber('model-memory-mib', value, 16, 65_536),
  }),
  'model-context': (value) => ({
    modelContextTokens: wholeNumber('model-context', value, 1, 1_048_575),
  }),
  'evaluation-timeout-ms': (value) => ({
    evaluationTimeoutMs: wholeNumber('evaluation-timeout-ms', value, 10, 3_600_000),
  }),
}

/** Names of all settings, as flags without their dashes. */
export const settingNames: readonly string[] = [...Object.keys(parsers), 'dev']

/** Options from settings; what is not set has its default. Throws `setting-invalid`. */
export function parseNodeOptions(settings: Settings): NodeOptions {
  let options = nodeDefaults
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined) continue
    if (name === 'dev') {
      if (value === true || value === 'true') options = { ...options, dev: true, logLevel: 'info' }
    } else if (typeof value === 'string' && parsers[name]) {
      options = { ...options, ...parsers[name](value) }
    }
  }
  checkStorers(options)
  checkKeeping(options)
  return options
}

/** Without storers nobody signs, and no reply would ever come. */
function checkStorers({ availability, storers, storerSetFile }: NodeOptions): void {
  if (availability === 'local' || storers > 0 || storerSetFile !== undefined) return
  const want = 'needs storers: add --storers 24, or --storer-set FILE with those of a network'
  throw wrongSetting('availability', availability, want)
}

/** Who may fill this disk is for the operator to say. */
function checkKeeping({ keepCopiesMebibytes, keepFor }: NodeOptions): void {
  if (keepCopiesMebibytes === 0 || keepFor.length > 0) return
  const want = 'say for whom: add --keep-for ADDRESS,… (heddle status tells a node’s), or anyone'
  throw wrongSetting('keep-copies-mib', keepCopiesMebibytes, want)
}
