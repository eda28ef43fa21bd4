/** Runs jobs one after another. */
export class Lane {
  #tail: Promise<unknown> = Promise.resolve()
  #waiting = 0

  get idle(): boolean {
    return this.#waiting === 0
  }

  /** Gives the job's outcome; a job that fails does not stop the next. */
  run<T>(job: () => Promise<T>): Promise<T> {
    this.#waiting++
    const done = this.#tail.then(job).finally(() => {
      this.#waiting--
    })
    this.#tail = done.catch(() => undefined)
    return done
  }
}
