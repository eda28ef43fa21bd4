// biome-ignore-all lint/suspicious/noDoubleEquals: AssemblyScript compares with two signs
// A counter without a runtime: AssemblyScript compiled to one small module. The state is `count`.
import { answer, field, message, refuse } from './actor'

export { allocate } from './actor'

let count: i64 = 0

export function handle(_at: usize, _length: i32): u64 {
  const action = field('Tag.Action')
  if (action == 'Inc') {
    const by = field('Tag.By')
    const step = by == '' ? 1 : I64.parseInt(by)
    count += step
    if (step <= 0) return refuse(`By must be a whole number above 0, not ${by}`)
    return answer(count.toString(), [message(field('From'), count.toString(), 'Counted')])
  }
  return answer(count.toString(), [])
}
