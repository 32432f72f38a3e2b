import type { Answer } from '../answer.ts';

/** Why there is no X-ray to show, and how to come by one. */
export function whyEmpty(answer: Answer | null, isOn: boolean): string {
  if (!isOn) return 'The X-ray is switched off. Switch it on above and run again to see what each store did.';
  if (!answer) return 'Run an operation with Ctrl-Enter: here stands what each store did for its answer.';
  if (!answer.wasXrayAsked)
    return 'The last answer was asked without an X-ray. Run it again to see what each store did.';
  return 'The gateway sent no X-ray with this answer. In production only viewers with the scope xray get one.';
}
