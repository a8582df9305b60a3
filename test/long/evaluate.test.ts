import { holdAgainstKernel } from '../host/evaluate-differential.ts'

holdAgainstKernel(1000)
