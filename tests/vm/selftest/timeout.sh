while :; do echo "still busy"; sleep 1; done
