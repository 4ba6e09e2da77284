echo "nothing more will be said"
sleep 1000
