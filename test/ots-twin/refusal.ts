/** An error answer of the service, by its code and HTTP status. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const invalid = (message: string): Refusal => new Refusal(400, 'OTSParameterInvalid', message);
export const conditionFailed = (): Refusal => new Refusal(403, 'OTSConditionCheckFail', 'Condition check failed.');

/** Errors that a fault can make the twin answer. */
export const faultCodes = {
  OTSServerBusy: [503, 'Server is busy.'],
  OTSPartitionUnavailable: [503, 'The partition is not available.'],
  OTSServerUnavailable: [503, 'Server is not available.'],
  OTSTimeout: [503, 'Operation timeout.'],
  OTSInternalServerError: [500, 'Internal server error.'],
  OTSRowOperationConflict: [409, 'Data is being modified by the other request.'],
  OTSNotEnoughCapacityUnit: [403, 'Remaining capacity unit is not enough.'],
  OTSTableNotReady: [404, 'The table is not ready.'],
  OTSQuotaExhausted: [403, 'Too frequent table operations.'],
  OTSAuthFailed: [403, 'The user does not have permission to access the instance.'],
} as const satisfies Record<string, readonly [number, string]>;

export type FaultCode = keyof typeof faultCodes;
