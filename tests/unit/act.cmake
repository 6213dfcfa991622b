tsr_unit_test(names)
tsr_unit_test(playbook)
