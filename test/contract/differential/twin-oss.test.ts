import { fidelityContract } from './suite.ts';
import { twinSetting } from './twin.ts';

fidelityContract(twinSetting('oss'));
