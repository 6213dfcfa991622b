tsr_unit_test(features)
tsr_unit_test(feature_set)
tsr_unit_test(activity)
tsr_unit_test(scaler)
