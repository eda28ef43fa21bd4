import { decodeTextStrict, isId } from '@heddle/protocol/base'
import type { ModelShape } from '@heddle/protocol/model'
import { checkCourse, courseInvalid, type TrainingCourse, type TrainingPlan } from './course.ts'
import type { Example } from './lessons.ts'
import { jobLimits } from './limits.ts'

/** `Module-Format` of a training's item: a process of it trains by messages. */
export const trainingModuleFormat = 'heddle-training1'

/** What a training's item says: the data of a module, as JSON. */
export type TrainingJob = {
  readonly version: 1
  /** Name and licence of the model that comes of it. */
  readonly name: string
  readonly licence: string
  readonly course: TrainingCourse
  /** Items of the dataset (JSON lines) and of the tokenizer (llama2.c), and the SHA-256 of their data. */
  readonly dataset: string
  readonly datasetHash: string
  readonly tokenizer: string
  readonly tokenizerHash: string
  /** Fields of a line: what is asked, and the answer that is learnt. */
  readonly promptField: string
  readonly answerField: string
  readonly precision: 'f32' | 'int8'
  readonly group: number
}

type Fields = Readonly<Record<string, unknown>>

function parseObject(text: string | undefined): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '')
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Fields) : undefined
  } catch {
    return undefined
  }
}

function textOf(fields: Fields, name: string, pattern: RegExp): string {
  const value = fields[name]
  if (typeof value === 'string' && pattern.test(value)) return value
  throw courseInvalid(`${name} must match ${pattern.source}`)
}

function idOf(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value === 'string' && isId(value)) return value
  throw courseInvalid(`${name} must be an item's id`)
}

/** Reads and checks a job. Throws `module-training-invalid`. */
export function readJob(bytes: Uint8Array): TrainingJob {
  if (bytes.length > jobLimits.jobBytes) throw courseInvalid(`its item has ${bytes.length} bytes`)
  const fields = parseObject(decodeTextStrict(bytes))
  if (fields?.version !== 1) throw courseInvalid('its item is no JSON object of version 1')
  const { shape, plan } = (fields.course ?? {}) as Partial<TrainingCourse>
  if (typeof shape !== 'object' || typeof plan !== 'object') {
    throw courseInvalid('course must have shape and plan')
  }
  const course = checkCourse({ shape: { ...(shape as ModelShape) }, plan: plan as TrainingPlan })
  if (course.plan.steps / course.plan.checkpointSteps > jobLimits.checkpoints - 3) {
    throw courseInvalid(`more than ${jobLimits.checkpoints} checkpoints: raise checkpointSteps`)
  }
  const group = Number(fields.group)
  if (!(Number.isInteger(group) && group >= 32 && group <= 1024 && group % 32 === 0)) {
    throw courseInvalid('group must be from 32 to 1024 in steps of 32')
  }
  return {
    version: 1,
    name: textOf(fields, 'name', /^[\w][\w.:/-]{0,63}$/),
    licence: textOf(fields, 'licence', /^[^\p{Cc}]{0,200}$/u),
    course,
    dataset: idOf(fields, 'dataset'),
    datasetHash: textOf(fields, 'datasetHash', /^[\w-]{43}$/),
    tokenizer: idOf(fields, 'tokenizer'),
    tokenizerHash: textOf(fields, 'tokenizerHash', /^[\w-]{43}$/),
    promptField: textOf(fields, 'promptField', /^\w{1,32}$/),
    answerField: textOf(fields, 'answerField', /^\w{1,32}$/),
    precision: fields.precision === 'f32' ? 'f32' : 'int8',
    group,
  }
}

/** The examples of a dataset: a JSON object a line. Throws `module-training-invalid`. */
export function readExamples(job: TrainingJob, dataset: Uint8Array): Example[] {
  const lines = (decodeTextStrict(dataset) ?? '').split('\n').filter((line) => line !== '')
  const { batch } = job.course.plan
  if (lines.length < batch || lines.length > jobLimits.examples) {
    throw courseInvalid(`the dataset has ${lines.length} lines, ${batch} at least`)
  }
  return lines.map((line, i) => {
    const fields = parseObject(line)
    const [prompt, answer] = [fields?.[job.promptField], fields?.[job.answerField]]
    if (typeof prompt === 'string' && typeof answer === 'string') return { prompt, answer }
    throw courseInvalid(`line ${i + 1} of the dataset has no ${job.promptField} and answer`)
  })
}
