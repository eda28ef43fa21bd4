import { errorMessage, HeddleError } from '@heddle/protocol/base'
import { checkShape, type ModelShape } from '@heddle/protocol/model'
import { trainingLimits } from './limits.ts'

/** Everything a run depends on beside the dataset, the tokenizer and the kernels. */
export type TrainingPlan = {
  readonly seed: number
  readonly steps: number
  /** Examples of a step. */
  readonly batch: number
  /** Positions of the longest example. */
  readonly positionsMax: number
  readonly rate: number
  readonly warmUpSteps: number
  /** Where the rate's first line would end at zero, and where a second one begins before that. */
  readonly firstLineSteps: number
  readonly restartStep: number
  readonly restartRate: number
  readonly gradientNormMax: number
  /** Steps between two digests of the record. */
  readonly checkpointSteps: number
}

/** A model that is trained, and how. */
export type TrainingCourse = { readonly shape: ModelShape; readonly plan: TrainingPlan }

/** The kernels take rows of whole blocks. */
const block = 8

function whole(plan: TrainingPlan, name: keyof TrainingPlan, least: number, most: number): void {
  const value = plan[name]
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw courseInvalid(`plan.${name} is ${value}, must be a whole number from ${least} to ${most}`)
}

function positive(plan: TrainingPlan, name: keyof TrainingPlan): void {
  const value = plan[name]
  if (typeof value === 'number' && value > 0 && value <= 1000) return
  throw courseInvalid(`plan.${name} is ${value}, must be over 0 and at most 1000`)
}

/** Throws `module-training-invalid` where the course is none that the kernels can follow. */
export function checkCourse({ shape, plan }: TrainingCourse): TrainingCourse {
  const checked = readShape(shape)
  const { dim, hidden, heads, kvHeads, headDim, vocab, layers, tied, context } = checked
  const sizes = { dim, hidden, layers, vocab }
  for (const [name, value] of Object.entries(sizes)) {
    const most = trainingLimits[name as keyof typeof sizes]
    if (value > most) throw courseInvalid(`${name} is ${value}, at most ${most}`)
  }
  if ([dim, hidden, headDim, vocab].some((size) => size % block !== 0)) {
    throw courseInvalid(`dim, hidden, headDim and vocab must be multiples of ${block}`)
  }
  if (kvHeads !== heads || heads * headDim !== dim || !tied) {
    throw courseInvalid('heads must share nothing and fill dim, and the head must be tied')
  }
  whole(plan, 'seed', 0, 2 ** 31)
  whole(plan, 'steps', 1, trainingLimits.steps)
  whole(plan, 'batch', 1, trainingLimits.batch)
  whole(plan, 'positionsMax', block, Math.min(context, trainingLimits.positions))
  whole(plan, 'warmUpSteps', 1, plan.steps)
  whole(plan, 'firstLineSteps', plan.warmUpSteps + 1, trainingLimits.steps)
  whole(plan, 'restartStep', plan.warmUpSteps, plan.steps)
  whole(plan, 'checkpointSteps', 1, plan.steps)
  positive(plan, 'rate')
  positive(plan, 'restartRate')
  positive(plan, 'gradientNormMax')
  if (plan.positionsMax % block !== 0) {
    throw courseInvalid(`plan.positionsMax must be a multiple of ${block}`)
  }
  return { shape: checked, plan }
}

function readShape(shape: ModelShape): ModelShape {
  try {
    return checkShape(shape)
  } catch (error) {
    throw courseInvalid(errorMessage(error))
  }
}

/** What is wrong with a training, the same on every node. */
export function courseInvalid(what: string): HeddleError {
  return new HeddleError('module-training-invalid', 'invalid', `training: ${what}`)
}

/**
 * Learning rate of a step: up to the plan's, down on a straight line, and once more from higher up
 * (a warm restart, Loshchilov and Hutter 2017).
 */
export function rateAt(plan: TrainingPlan, step: number): number {
  const { rate, warmUpSteps, firstLineSteps, restartStep, restartRate, steps } = plan
  if (step < warmUpSteps) return (rate * (step + 1)) / warmUpSteps
  if (step < restartStep) return (rate * (firstLineSteps - step)) / (firstLineSteps - warmUpSteps)
  return (restartRate * (steps - step)) / (steps - restartStep)
}
