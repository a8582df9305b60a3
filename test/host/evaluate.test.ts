import { holdAgainstKernel } from './evaluate-differential.ts'

holdAgainstKernel(25)
